ALTER TABLE "classes" ADD COLUMN "sandbox_memory" integer DEFAULT 1536 NOT NULL;--> statement-breakpoint
ALTER TABLE "classes" ADD COLUMN "sandbox_cpus" real DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "classes" ADD COLUMN "sandbox_pids" integer DEFAULT 512 NOT NULL;--> statement-breakpoint
ALTER TABLE "classes" ADD COLUMN "sandbox_disk" integer DEFAULT 8192 NOT NULL;--> statement-breakpoint
ALTER TABLE "classes" ADD CONSTRAINT "classes_sandbox" CHECK ("classes"."sandbox_memory" >= 256 and "classes"."sandbox_cpus" >= 0.1 and "classes"."sandbox_pids" >= 384 and "classes"."sandbox_disk" >= 256);