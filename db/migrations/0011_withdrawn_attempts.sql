ALTER TABLE "attempts" DROP CONSTRAINT "attempts_verdict";--> statement-breakpoint
CREATE INDEX "attempts_open" ON "attempts" USING btree ("created_at") WHERE "attempts"."status" in ('queued', 'running');--> statement-breakpoint
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_verdict" CHECK (("attempts"."status" in ('queued', 'running')) = ("attempts"."verdict" is null));