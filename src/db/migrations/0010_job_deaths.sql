-- How many runs of a job ended with their process. One that ends the process is not tried for ever.
ALTER TABLE job ADD COLUMN deaths BIGINT NOT NULL DEFAULT 0;
