-- Titles are searched too: the consumer reads the log from its beginning again, or, where that is gone, the rows.

DELETE FROM op_cursor WHERE name = 'search';
