-- Where a grant was deleted, the messages of what it shared had gone from the index: read everything again, as 0003 does.

DELETE FROM op_cursor WHERE name = 'search';
