/**
 * What is ordinary in a value: words.
 *
 * A value such as a database URL holds words that all output is full of. A piece that consists of them says nothing
 * about the secret, and masking it would ruin the output, so their characters count little as evidence.
 */

/**
 * The cost in bits of a letter after a letter in English and technical words, one digit each: row 0 is the start of a
 * word, rows 1 to 26 the letter before; columns are the letter itself. Counted over distinct words, not over running
 * text, so that a handful of frequent words does not decide it.
 */
const LETTER_COST: readonly string[] = [
  "44445555566445548434565787",
  "85447757596343859343567768",
  "36663768367367369446388768",
  "38573793594468269454578979",
  "45652677287566469546577869",
  "56435568698453757234756569",
  "48664478299466379454498969",
  "47662754499464469346478976",
  "27772888397566379565597969",
  "55455559997452459544859796",
  "26563677475766357747396989",
  "36762665397566469545587969",
  "37752679297377379855579949",
  "25762789397657339757589969",
  "47433537486675479733568978",
  "66447657686442549345455789",
  "38663775497477349354587969",
  "57677689698576779556179999",
  "37552758396655369544578959",
  "48473774396567448742487958",
  "37572784398567469345597858",
  "54554558497443649333889787",
  "27671779299667479756899989",
  "27553784297574369446797989",
  "47453576397657639642677568",
  "46564668497444539534586886",
  "36661675387556479756687955",
];

/** Short words and names that no letter statistics would recognise, or that are too short for them. */
const KNOWN: ReadonlySet<string> = new Set(
  (
    "http https ftp sftp ssh www com org net io dev app api db sql mysql psql postgres postgresql mongodb mongo redis " +
    "amqp amqps rabbitmq smtp smtps imap ldap ldaps jdbc odbc mssql sqlite srv usr lib bin etc var tmp opt home root " +
    "user users local host hosts port main test prod stage data base file files path name admin login guest info " +
    "mail web site page default public private begin end rsa dsa ec ecdsa openssh pgp key cert certificate encrypted " +
    "password passwd localhost internal example domain server client cluster region east west north south central " +
    "amazonaws azure windows google cloud core blob queue table true false null none ssl tls sslmode require master " +
    "replica primary async pool max min size timeout connect charset utf json xml html yaml text plain token secret " +
    "access account bearer basic authorization endpoint bucket service services hooks"
  ).split(" "),
);

/** Bits per letter under {@linkcode LETTER_COST} up to which a run of letters reads as a word; random ones cost 5.8. */
const WORD_COST = 4.7;

/** Letters from which letter statistics mean anything. */
const WORD_LENGTH = 5;

/** Whether `segment`, in lower case, is a word that configuration is full of. */
export function isKnownWord(segment: string): boolean {
  return KNOWN.has(segment);
}

/** Whether `segment`, letters only and in lower case, reads as a word of a language. */
export function readsAsWord(segment: string): boolean {
  if (segment.length < WORD_LENGTH) return false;
  let cost = 0;
  let row = 0;
  for (let i = 0; i < segment.length; i++) {
    const column = segment.charCodeAt(i) - 0x61;
    cost += Number((LETTER_COST[row] as string)[column]);
    row = column + 1;
  }
  return cost <= WORD_COST * segment.length;
}
