CREATE TABLE "attempt_runs" (
	"attempt_id" text NOT NULL,
	"try" integer NOT NULL,
	"status" text NOT NULL,
	"verdict" jsonb NOT NULL,
	"phases" jsonb NOT NULL,
	"judge_digest" text,
	"duration_ms" integer,
	"image_bytes" bigint,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	"superseded_by" text,
	"superseded_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "attempt_runs_attempt_id_try_pk" PRIMARY KEY("attempt_id","try")
);
--> statement-breakpoint
CREATE TABLE "hands" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"question" text NOT NULL,
	"raised_at" timestamp with time zone DEFAULT now() NOT NULL,
	"lowered_at" timestamp with time zone,
	"lowered_by" text,
	CONSTRAINT "hands_question" CHECK (char_length("hands"."question") <= 200)
);
--> statement-breakpoint
CREATE TABLE "removals" (
	"class_id" text NOT NULL,
	"user_id" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "removals_class_id_user_id_pk" PRIMARY KEY("class_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "return_codes" (
	"user_id" text PRIMARY KEY NOT NULL,
	"hash" text NOT NULL,
	"issued_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "return_codes_hash_unique" UNIQUE("hash"),
	CONSTRAINT "return_codes_hash" CHECK ("return_codes"."hash" ~ '^[0-9a-f]{64}$')
);
--> statement-breakpoint
ALTER TABLE "classes" ADD COLUMN "asks_student_number" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "members" ADD COLUMN "student_number" text;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "created_at" timestamp with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "seen_at" timestamp with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "agent" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "shared" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "attempt_runs" ADD CONSTRAINT "attempt_runs_attempt_id_attempts_id_fk" FOREIGN KEY ("attempt_id") REFERENCES "public"."attempts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "attempt_runs" ADD CONSTRAINT "attempt_runs_superseded_by_users_id_fk" FOREIGN KEY ("superseded_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "hands" ADD CONSTRAINT "hands_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "hands" ADD CONSTRAINT "hands_lowered_by_users_id_fk" FOREIGN KEY ("lowered_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "removals" ADD CONSTRAINT "removals_class_id_classes_id_fk" FOREIGN KEY ("class_id") REFERENCES "public"."classes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "removals" ADD CONSTRAINT "removals_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "return_codes" ADD CONSTRAINT "return_codes_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "hands_up" ON "hands" USING btree ("workspace_id") WHERE "hands"."lowered_at" is null;--> statement-breakpoint
ALTER TABLE "members" ADD CONSTRAINT "members_student_number" CHECK (char_length("members"."student_number") between 1 and 40);