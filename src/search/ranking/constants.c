/* The constants of the ranking, all of them.
 *
 * Source: research/retrieval.md sections 2 and 5. They were fitted on the development set alone (BEAM 100K; listwise softmax, L2 of
 * 1e-3, over two views of it: all messages, and the user's alone; length and position as nuisance features that were dropped
 * afterwards), and looked at on sets that are kept back. Do not change one by looking at questions. */
#include "search/ranking/ranking.h"

/* clang-format off */
const double RANK_WEIGHTS[RANK_COLUMNS][RANK_FEATURES] = {
    /*                      bm    cov   bi    nb1   nb2   sess  about date  sem   semnb soft */
    [RANK_ALL]         = { 0.75, 0.53, 1.39, 0.25, 0.07, 0.78, 1.26, 0.59, 2.52, 0.34, 1.73 },
    [RANK_BACKGROUND]  = { 0.97, 0.61, 1.43, 0.35, 0.12, 0.82, 1.19, 0.52, 1.86, 0.28, 1.84 },
    [RANK_WORDS_ALONE] = { 3.21, 1.48, 1.68, 0.64, 0.14, 0.83, 1.34, 0.44, 0,    0,    0    },
};
/* clang-format on */

const char *const RANK_NAMES[RANK_FEATURES] = { "bm",    "cov",  "bi",  "nb1",   "nb2", "sess",
                                                "about", "date", "sem", "semnb", "soft" };

/* A lower b loses up to 8 points. */
const double RANK_K1 = 1.2, RANK_B = 0.75;

/* Where a query asks for answers, what was asked is wanted nearly as often: of 47 such questions of the development set 28 want both, and
 * anything from 0.25 to 0.4 is best on both halves of it. */
const double RANK_ANSWERS = 0.4;

/* Not fitted: no set has thinking or tools. */
const double RANK_ASIDE = 1.0 / SEARCH_ASIDE_AS_ONE;
