/* One test of a battery of TestU01 on the raw 32-bit words of standard input:
 *
 *     testu01 SmallCrush|Crush NUMBER TIMES
 *
 * ends with a row for each of its statistics, "|name|p".  It is compiled by suites.py.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <testu01/bbattery.h>
#include <testu01/swrite.h>
#include <testu01/unif01.h>

#define WORDS 65536
#define TESTS 200

static unsigned int words[WORDS];
static size_t next = 0, count = 0;

static unsigned int word(void)
{
    if (next == count) {
        count = fread(words, sizeof(unsigned int), WORDS, stdin);
        next = 0;
        if (count == 0) {
            fputs("testu01: the words have come to an end\n", stderr);
            exit(2);
        }
    }
    return words[next++];
}

int main(int argc, char **argv)
{
    int times[TESTS + 1] = {0}, small, test, j;
    unif01_Gen *generator;

    if (argc != 4 || (test = atoi(argv[2])) < 1 || test > TESTS || atoi(argv[3]) < 1) {
        fputs("usage: testu01 SmallCrush|Crush NUMBER TIMES\n", stderr);
        return 2;
    }
    small = strcmp(argv[1], "SmallCrush") == 0;
    times[test] = atoi(argv[3]);
    swrite_Basic = 0;
    generator = unif01_CreateExternGenBits("words", word);
    (small ? bbattery_RepeatSmallCrush : bbattery_RepeatCrush)(generator, times);
    for (j = 0; j < bbattery_NTests; j++)
        if (bbattery_pVal[j] >= 0.0)
            printf("\n|%s|%.17g", bbattery_TestNames[j], bbattery_pVal[j]);
    putchar('\n');
    unif01_DeleteExternGenBits(generator);
    return 0;
}
