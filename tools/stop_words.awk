# src/search/words/stop_words.txt, sorted by word (tools/rooms.mk), to C: the words in one text (no pointers that a loader would have to
# mend in every process) and a row for each. Input: "word<TAB>LANGUAGE<TAB>stop|question", each word's lines together; LC_ALL=C.
function finish() {
    if (word == "") return
    row[rows++] = sprintf("    { %d, %d, %s, %s },", at, length(word), stop == "" ? "0" : stop, question == "" ? "0" : question)
    text = text "\n    \"" word "\""
    at += length(word)
    word = stop = question = ""
}
BEGIN { FS = "\t"; print "#include \"search/words/inside.h\"\n" }
$1 != word { finish(); word = $1 }
{ bit = "1u << SEARCH_" $2; if ($3 == "stop") stop = stop (stop == "" ? "" : " | ") bit; else question = question (question == "" ? "" : " | ") bit }
END {
    finish()
    print "const char STOP_TEXT[] =" text ";\n\nconst struct stop_word STOP_WORDS[] = {"
    for (i = 0; i < rows; i++) print row[i]
    print "};\n\nconst size_t STOP_WORD_COUNT = COUNTOF(STOP_WORDS);"
}
