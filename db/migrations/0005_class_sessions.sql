CREATE TABLE "class_sessions" (
	"id" text PRIMARY KEY NOT NULL,
	"class_id" text NOT NULL,
	"starts_at" timestamp with time zone NOT NULL,
	"ends_at" timestamp with time zone NOT NULL,
	CONSTRAINT "class_sessions_length" CHECK ("class_sessions"."ends_at" >= "class_sessions"."starts_at" and "class_sessions"."ends_at" <= "class_sessions"."starts_at" + interval '12 hours')
);
--> statement-breakpoint
ALTER TABLE "class_sessions" ADD CONSTRAINT "class_sessions_class_id_classes_id_fk" FOREIGN KEY ("class_id") REFERENCES "public"."classes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "class_sessions_class" ON "class_sessions" USING btree ("class_id","ends_at");--> statement-breakpoint
CREATE INDEX "class_sessions_ends" ON "class_sessions" USING btree ("ends_at");