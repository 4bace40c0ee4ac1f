CREATE TABLE "rejudged_attempts" (
	"rejudging_id" text NOT NULL,
	"attempt_id" text NOT NULL,
	"try" integer NOT NULL,
	"status" text NOT NULL,
	"codes" jsonb NOT NULL,
	"judge_digest" text,
	CONSTRAINT "rejudged_attempts_rejudging_id_attempt_id_pk" PRIMARY KEY("rejudging_id","attempt_id")
);
--> statement-breakpoint
CREATE TABLE "rejudgings" (
	"id" text PRIMARY KEY NOT NULL,
	"class_id" text NOT NULL,
	"lab_slug" text NOT NULL,
	"asked_by" text,
	"asked_at" timestamp with time zone DEFAULT now() NOT NULL,
	"unjudgeable" integer DEFAULT 0 NOT NULL,
	"left" integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
ALTER TABLE "attempts" ADD COLUMN "override" jsonb;--> statement-breakpoint
ALTER TABLE "rejudged_attempts" ADD CONSTRAINT "rejudged_attempts_rejudging_id_rejudgings_id_fk" FOREIGN KEY ("rejudging_id") REFERENCES "public"."rejudgings"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rejudged_attempts" ADD CONSTRAINT "rejudged_attempts_attempt_id_attempts_id_fk" FOREIGN KEY ("attempt_id") REFERENCES "public"."attempts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rejudgings" ADD CONSTRAINT "rejudgings_class_id_classes_id_fk" FOREIGN KEY ("class_id") REFERENCES "public"."classes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "rejudgings" ADD CONSTRAINT "rejudgings_asked_by_users_id_fk" FOREIGN KEY ("asked_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "rejudged_attempts_attempt" ON "rejudged_attempts" USING btree ("attempt_id");--> statement-breakpoint
CREATE INDEX "rejudgings_class" ON "rejudgings" USING btree ("class_id","asked_at");