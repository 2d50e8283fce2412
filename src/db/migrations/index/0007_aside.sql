-- What stands aside (thinking, tools) is found too, and counts less: it has a column of its own, and a mark in the forward rows. The
-- consumer reads everything again, into an index that is empty.
DELETE FROM op_cursor WHERE name = 'search';
DELETE FROM search_number;
DELETE FROM search_owner;
DELETE FROM search_language;
DELETE FROM search_word;
DELETE FROM search_form;
DELETE FROM search_doc;
DELETE FROM search_session;
DELETE FROM search_epoch;
DELETE FROM search_vector;
@sqlite
DROP TABLE search_fts;
CREATE VIRTUAL TABLE search_fts USING fts5(meta, text, aside, content = '', tokenize = 'ascii');
@end
