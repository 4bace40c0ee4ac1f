ALTER TABLE "doc_rooms" ADD COLUMN "log_bytes" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
UPDATE "doc_rooms" r SET "log_bytes" = coalesce((SELECT sum(octet_length(u."bytes")) FROM "doc_updates" u WHERE u."room" = r."room"), 0);
