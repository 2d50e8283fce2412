/* Source: the calendars' words of the six languages, as their speakers write them; folded (März is
 * marz). What is ambiguous is weak or left out. */
#include "search/query/date_words.h"

#define EN  (1u << SEARCH_ENGLISH)
#define DE  (1u << SEARCH_GERMAN)
#define FR  (1u << SEARCH_FRENCH)
#define ES  (1u << SEARCH_SPANISH)
#define PT  (1u << SEARCH_PORTUGUESE)
#define IT  (1u << SEARCH_ITALIAN)
#define ALL (EN | DE | FR | ES | PT | IT)

/* clang-format off */
const struct date_word_row DATE_WORDS[] = {
    { " january januar janner janvier enero janeiro gennaio ", DATE_MONTH, 1, ALL },
    { " february februar fevrier febrero fevereiro febbraio ", DATE_MONTH, 2, ALL },
    { " marz marzo ",                                          DATE_MONTH, 3, DE | ES | IT },
    { " mars ",                                                DATE_MONTH_WEAK, 3, FR },
    { " march ",                                               DATE_MONTH_WEAK, 3, EN },
    { " marco ",                                               DATE_MONTH_WEAK, 3, PT },
    { " april avril abril aprile ",
                                                    DATE_MONTH, 4, DE | FR | ES | PT | IT },
    { " april ",                                               DATE_MONTH_WEAK, 4, EN },
    { " mai mayo maio maggio ",
                                                    DATE_MONTH, 5, DE | FR | ES | PT | IT },
    { " may ",                                                 DATE_MONTH_WEAK, 5, EN },
    { " juni juin junio junho giugno ",                        DATE_MONTH, 6, ALL },
    { " june ",                                                DATE_MONTH_WEAK, 6, EN },
    { " july juli juillet julio julho luglio ",                DATE_MONTH, 7, ALL },
    { " august aout agosto ",
                                                    DATE_MONTH, 8, DE | FR | ES | PT | IT },
    { " august ",                                              DATE_MONTH_WEAK, 8, EN },
    { " september septembre septiembre setiembre setembro settembre ", DATE_MONTH, 9, ALL },
    { " october oktober octobre octubre outubro ottobre ",     DATE_MONTH, 10, ALL },
    { " november novembre noviembre novembro ",                DATE_MONTH, 11, ALL },
    { " december dezember decembre diciembre dezembro dicembre ", DATE_MONTH, 12, ALL },
    { " jan ", DATE_MONTH_WEAK, 1, EN | DE | PT },
    { " ene ", DATE_MONTH_WEAK, 1, ES },
    { " janv ", DATE_MONTH_WEAK, 1, FR },
    { " gen ", DATE_MONTH_WEAK, 1, IT },
    { " feb ", DATE_MONTH_WEAK, 2, EN | DE | ES | IT },
    { " fev ", DATE_MONTH_WEAK, 2, FR | PT },
    { " mrz ", DATE_MONTH_WEAK, 3, DE },
    { " mar ", DATE_MONTH_WEAK, 3, EN | ES | PT | IT },
    { " apr ", DATE_MONTH_WEAK, 4, EN | DE | IT },
    { " abr ", DATE_MONTH_WEAK, 4, ES | PT },
    { " avr ", DATE_MONTH_WEAK, 4, FR },
    { " mag ", DATE_MONTH_WEAK, 5, IT },
    { " jun ", DATE_MONTH_WEAK, 6, EN | DE | ES | PT },
    { " giu ", DATE_MONTH_WEAK, 6, IT },
    { " jul ", DATE_MONTH_WEAK, 7, EN | DE | ES | PT },
    { " juil ", DATE_MONTH_WEAK, 7, FR },
    { " lug ", DATE_MONTH_WEAK, 7, IT },
    { " aug ", DATE_MONTH_WEAK, 8, EN | DE },
    { " ago ", DATE_MONTH_WEAK, 8, ES | PT | IT },
    { " sep ", DATE_MONTH_WEAK, 9, EN | DE | ES },
    { " sept ", DATE_MONTH_WEAK, 9, EN | FR | ES },
    { " set ", DATE_MONTH_WEAK, 9, PT | IT },
    { " okt ", DATE_MONTH_WEAK, 10, DE },
    { " oct ", DATE_MONTH_WEAK, 10, EN | FR | ES },
    { " ott ", DATE_MONTH_WEAK, 10, IT },
    { " out ", DATE_MONTH_WEAK, 10, PT },
    { " nov ", DATE_MONTH_WEAK, 11, ALL },
    { " dez ", DATE_MONTH_WEAK, 12, DE | PT },
    { " dec ", DATE_MONTH_WEAK, 12, EN | FR },
    { " dic ", DATE_MONTH_WEAK, 12, ES | IT },

    { " monday montag lundi lunes lunedi ",            DATE_WEEKDAY, 1, ALL },
    { " tuesday dienstag mardi martes martedi ",         DATE_WEEKDAY, 2, ALL },
    { " wednesday mittwoch mercredi miercoles mercoledi ", DATE_WEEKDAY, 3, ALL },
    { " thursday donnerstag jeudi jueves giovedi ",     DATE_WEEKDAY, 4, ALL },
    { " friday freitag vendredi viernes venerdi ",       DATE_WEEKDAY, 5, ALL },
    { " saturday samstag sonnabend samedi sabado sabato ",     DATE_WEEKDAY, 6, ALL },
    { " sunday sonntag dimanche domingo domenica ",            DATE_WEEKDAY, 7, ALL },

    { " segunda ", DATE_WEEKDAY_FEIRA, 1, PT }, { " terca ",  DATE_WEEKDAY_FEIRA, 2, PT },
    { " quarta ",  DATE_WEEKDAY_FEIRA, 3, PT }, { " quinta ", DATE_WEEKDAY_FEIRA, 4, PT },
    { " sexta ",   DATE_WEEKDAY_FEIRA, 5, PT },

    { " spring fruhling fruhjahr printemps primavera ",        DATE_SEASON, 0, ALL },
    { " summer sommer ete verano verao estate ",               DATE_SEASON, 1, ALL },
    { " autumn fall herbst automne otono outono autunno ",     DATE_SEASON, 2, ALL },
    { " winter hiver invierno inverno ",                       DATE_SEASON, 3, ALL },

    { " day days tag tage tagen jour jours dia dias giorno giorni ", DATE_UNIT, SPAN_DAY, ALL },
    { " week weeks woche wochen semaine semaines semana semanas settimana settimane ",
                                                               DATE_UNIT, SPAN_WEEK, ALL },
    { " weekend weekends wochenende wochenenden ",             DATE_UNIT, SPAN_WEEKEND, ALL },
    { " month months monat monate monaten mois mes meses mese mesi ", DATE_UNIT, SPAN_MONTH, ALL },
    { " quarter quarters quartal quartale quartalen trimestre trimestres trimestri ",
                                                               DATE_UNIT, SPAN_QUARTER, ALL },
    { " year years jahr jahre jahren annee annees ano anos anno anni ", DATE_UNIT, SPAN_YEAR, ALL },
    { " an ans ",                                              DATE_UNIT, SPAN_YEAR, FR },
    { " year jahr jahre jahres annee ano anno l an ",          DATE_YEAR_WORD, 0, ALL },

    { " today heute aujourdhui hoy hoje oggi ",                DATE_DAY_WORD, 0, ALL },
    { " yesterday gestern ayer ontem ieri ",                   DATE_DAY_WORD, -1, ALL },
    { " hui ",                                                 DATE_DAY_WORD, 0, FR },
    { " hier ",                                                DATE_DAY_WORD, -1, FR },
    { " vorgestern anteayer antier anteontem altroieri avantieri ", DATE_DAY_WORD, -2, ALL },
    { " avant altro ",                                         DATE_BEFORE_THAT, 0, FR | IT },

    { " last past previous ",                                  DATE_LAST, 0, EN },
    { " letzte letzten letzter letztes letztem "
      "vergangene vergangenen vergangener vergangenes vorige vorigen voriger voriges ",
                                                               DATE_LAST, 0, DE },
    { " dernier derniere derniers dernieres passe passee ",    DATE_LAST, 0, FR },
    { " pasado pasada pasados pasadas ultimo ultima ultimos ultimas ", DATE_LAST, 0, ES },
    { " passado passada passados passadas ultimo ultima ultimos ultimas ", DATE_LAST, 0, PT },
    { " scorso scorsa scorsi scorse ultimo ultima ultimi ultime passato passata ",
                                                               DATE_LAST, 0, IT },
    { " this dieser diese diesen dieses diesem ce cet cette "
      "este esta neste nesta deste desta questo questa quest ",
                                                               DATE_THIS, 0, ALL },

    { " ago ",                                                 DATE_AGO, 0, EN },
    { " fa ",                                                  DATE_AGO, 0, IT },
    { " atras ",                                               DATE_AGO, 0, ES | PT },
    { " vor ",                                                 DATE_AGO_BEFORE, 0, DE },
    { " hace ",                                                DATE_AGO_BEFORE, 0, ES },
    { " ha faz ",                                              DATE_AGO_BEFORE, 0, PT },

    { " a an one ein eine einem einer einen un une una uno um uma ", DATE_NUMBER, 1, ALL },
    { " two zwei deux dos dois duas due ",                     DATE_NUMBER, 2, ALL },
    { " three drei trois tres tre ",                           DATE_NUMBER, 3, ALL },
    { " four vier quatre cuatro quatro quattro ",              DATE_NUMBER, 4, ALL },
    { " five funf cinq cinco cinque ",                         DATE_NUMBER, 5, ALL },
    { " six sechs seis sei ",                                  DATE_NUMBER, 6, ALL },
    { " seven sieben sept siete sete sette ",                  DATE_NUMBER, 7, ALL },
    { " eight acht huit ocho oito otto ",                      DATE_NUMBER, 8, ALL },
    { " nine neun neuf nueve nove ",                           DATE_NUMBER, 9, ALL },
    { " ten zehn dix diez dez dieci ",                         DATE_NUMBER, 10, ALL },
    { " eleven elf onze once undici ",                         DATE_NUMBER, 11, ALL },
    { " twelve zwolf douze doce doze dodici ",                 DATE_NUMBER, 12, ALL },
    { " first ersten erste erster premier primero primeiro primo ", DATE_FIRST, 1, ALL },

    { " of the aujourd de des du d del do da di dos das der die "
      "den dem le la les l el los las il lo gli o os as ",
                                                               DATE_OF, 0, ALL },
    { " in on during since until before after from throughout around by ", DATE_PLACE, 0, EN },
    { " in im am seit bis ab wahrend vor nach um vom beim ",   DATE_PLACE, 0, DE },
    { " en au aux pendant durant depuis avant apres dans le des ", DATE_PLACE, 0, FR },
    { " en el durante desde hasta antes despues tras al ",     DATE_PLACE, 0, ES },
    { " em no na nos nas durante desde ate antes depois apos ao a ", DATE_PLACE, 0, PT },
    { " in a nel nello nella nell durante da dal fino prima dopo il ", DATE_PLACE, 0, IT },
};
/* clang-format on */
const size_t DATE_WORD_ROWS = COUNTOF(DATE_WORDS);
