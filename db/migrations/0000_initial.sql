CREATE TABLE "attempts" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" text NOT NULL,
	"number" integer NOT NULL,
	"submitted_by" text NOT NULL,
	"status" text DEFAULT 'queued' NOT NULL,
	"source" text NOT NULL,
	"log_seq" bigint NOT NULL,
	"files" jsonb NOT NULL,
	"left" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"lab_digest" text NOT NULL,
	"judge_digest" text,
	"try" integer DEFAULT 1 NOT NULL,
	"phases" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"verdict" jsonb,
	"duration_ms" integer,
	"image_bytes" bigint,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	CONSTRAINT "attempts_verdict" CHECK (("attempts"."status" in ('passed', 'failed', 'error')) = ("attempts"."verdict" is not null))
);
--> statement-breakpoint
CREATE TABLE "audit" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"actor_id" text NOT NULL,
	"action" text NOT NULL,
	"class_id" text,
	"subject" text,
	"detail" jsonb
);
--> statement-breakpoint
CREATE TABLE "blobs" (
	"sha" text PRIMARY KEY NOT NULL,
	"size" integer NOT NULL,
	"bytes" "bytea" NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "blobs_sha" CHECK ("blobs"."sha" ~ '^[0-9a-f]{64}$')
);
--> statement-breakpoint
CREATE TABLE "class_labs" (
	"class_id" text NOT NULL,
	"lab_slug" text NOT NULL,
	"position" integer NOT NULL,
	CONSTRAINT "class_labs_class_id_lab_slug_pk" PRIMARY KEY("class_id","lab_slug")
);
--> statement-breakpoint
CREATE TABLE "classes" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"join_code" text NOT NULL,
	"open" boolean DEFAULT true NOT NULL,
	"idle_minutes" integer DEFAULT 30,
	"retention_days" integer DEFAULT 180 NOT NULL,
	"archived_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "classes_join_code_unique" UNIQUE("join_code"),
	CONSTRAINT "classes_name" CHECK (char_length("classes"."name") between 1 and 120),
	CONSTRAINT "classes_idle" CHECK ("classes"."idle_minutes" is null or "classes"."idle_minutes" > 0),
	CONSTRAINT "classes_retention" CHECK ("classes"."retention_days" > 0)
);
--> statement-breakpoint
CREATE TABLE "doc_clients" (
	"room" text NOT NULL,
	"client_id" bigint NOT NULL,
	"user_id" text NOT NULL,
	CONSTRAINT "doc_clients_room_client_id_pk" PRIMARY KEY("room","client_id")
);
--> statement-breakpoint
CREATE TABLE "doc_rooms" (
	"room" text PRIMARY KEY NOT NULL,
	"epoch" bigint DEFAULT 0 NOT NULL,
	"lease_holder" text,
	"lease_until" timestamp with time zone,
	"last_seq" bigint DEFAULT 0 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "doc_snapshots" (
	"room" text NOT NULL,
	"seq" bigint NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"state" "bytea" NOT NULL,
	CONSTRAINT "doc_snapshots_room_seq_pk" PRIMARY KEY("room","seq")
);
--> statement-breakpoint
CREATE TABLE "doc_updates" (
	"room" text NOT NULL,
	"seq" bigint NOT NULL,
	"epoch" bigint NOT NULL,
	"user_id" text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"bytes" "bytea" NOT NULL,
	CONSTRAINT "doc_updates_room_seq_pk" PRIMARY KEY("room","seq")
);
--> statement-breakpoint
CREATE TABLE "events" (
	"id" bigserial PRIMARY KEY NOT NULL,
	"class_id" text NOT NULL,
	"workspace_id" text,
	"type" text NOT NULL,
	"payload" jsonb NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "judge_logs" (
	"attempt_id" text NOT NULL,
	"try" integer NOT NULL,
	"seq" integer NOT NULL,
	"phase" text NOT NULL,
	"text" text NOT NULL,
	CONSTRAINT "judge_logs_attempt_id_try_seq_pk" PRIMARY KEY("attempt_id","try","seq")
);
--> statement-breakpoint
CREATE TABLE "lab_versions" (
	"digest" text PRIMARY KEY NOT NULL,
	"slug" text NOT NULL,
	"content" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "members" (
	"class_id" text NOT NULL,
	"user_id" text NOT NULL,
	"role" text NOT NULL,
	"joined_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "members_class_id_user_id_pk" PRIMARY KEY("class_id","user_id"),
	CONSTRAINT "members_role" CHECK ("members"."role" in ('instructor', 'ta', 'student'))
);
--> statement-breakpoint
CREATE TABLE "runner_cursor" (
	"runner" text PRIMARY KEY NOT NULL,
	"launch" text NOT NULL,
	"seq" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"id" text PRIMARY KEY NOT NULL,
	"user_id" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "users" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"email" text,
	"password_hash" text,
	"admin" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "users_email_unique" UNIQUE("email"),
	CONSTRAINT "users_name" CHECK (char_length("users"."name") between 1 and 80),
	CONSTRAINT "users_login" CHECK (("users"."email" is null) = ("users"."password_hash" is null))
);
--> statement-breakpoint
CREATE TABLE "workspace_blobs" (
	"workspace_id" text NOT NULL,
	"sha" text NOT NULL,
	CONSTRAINT "workspace_blobs_workspace_id_sha_pk" PRIMARY KEY("workspace_id","sha")
);
--> statement-breakpoint
CREATE TABLE "workspaces" (
	"id" text PRIMARY KEY NOT NULL,
	"class_id" text NOT NULL,
	"lab_slug" text NOT NULL,
	"owner_id" text NOT NULL,
	"lab_digest" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"last_active_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_submitted_by_users_id_fk" FOREIGN KEY ("submitted_by") REFERENCES "public"."users"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_lab_digest_lab_versions_digest_fk" FOREIGN KEY ("lab_digest") REFERENCES "public"."lab_versions"("digest") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "class_labs" ADD CONSTRAINT "class_labs_class_id_classes_id_fk" FOREIGN KEY ("class_id") REFERENCES "public"."classes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "doc_clients" ADD CONSTRAINT "doc_clients_room_doc_rooms_room_fk" FOREIGN KEY ("room") REFERENCES "public"."doc_rooms"("room") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "doc_snapshots" ADD CONSTRAINT "doc_snapshots_room_doc_rooms_room_fk" FOREIGN KEY ("room") REFERENCES "public"."doc_rooms"("room") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "doc_updates" ADD CONSTRAINT "doc_updates_room_doc_rooms_room_fk" FOREIGN KEY ("room") REFERENCES "public"."doc_rooms"("room") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "events" ADD CONSTRAINT "events_class_id_classes_id_fk" FOREIGN KEY ("class_id") REFERENCES "public"."classes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "events" ADD CONSTRAINT "events_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "judge_logs" ADD CONSTRAINT "judge_logs_attempt_id_attempts_id_fk" FOREIGN KEY ("attempt_id") REFERENCES "public"."attempts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "members" ADD CONSTRAINT "members_class_id_classes_id_fk" FOREIGN KEY ("class_id") REFERENCES "public"."classes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "members" ADD CONSTRAINT "members_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "workspace_blobs" ADD CONSTRAINT "workspace_blobs_workspace_id_workspaces_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspaces"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "workspace_blobs" ADD CONSTRAINT "workspace_blobs_sha_blobs_sha_fk" FOREIGN KEY ("sha") REFERENCES "public"."blobs"("sha") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "workspaces" ADD CONSTRAINT "workspaces_class_id_classes_id_fk" FOREIGN KEY ("class_id") REFERENCES "public"."classes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "workspaces" ADD CONSTRAINT "workspaces_owner_id_users_id_fk" FOREIGN KEY ("owner_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "workspaces" ADD CONSTRAINT "workspaces_lab_digest_lab_versions_digest_fk" FOREIGN KEY ("lab_digest") REFERENCES "public"."lab_versions"("digest") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "attempts_number" ON "attempts" USING btree ("workspace_id","number");--> statement-breakpoint
CREATE INDEX "attempts_recent" ON "attempts" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "audit_class" ON "audit" USING btree ("class_id","id");--> statement-breakpoint
CREATE INDEX "events_class" ON "events" USING btree ("class_id","id");--> statement-breakpoint
CREATE INDEX "events_workspace" ON "events" USING btree ("workspace_id","id");--> statement-breakpoint
CREATE INDEX "lab_versions_slug" ON "lab_versions" USING btree ("slug","created_at");--> statement-breakpoint
CREATE INDEX "members_user" ON "members" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "sessions_user" ON "sessions" USING btree ("user_id");--> statement-breakpoint
CREATE UNIQUE INDEX "workspaces_one" ON "workspaces" USING btree ("class_id","lab_slug","owner_id");--> statement-breakpoint
CREATE INDEX "workspaces_owner" ON "workspaces" USING btree ("owner_id");