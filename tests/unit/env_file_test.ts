import assert from "node:assert/strict";
import dotenv from "dotenv";
import { ToolError } from "../../lib/errors.ts";
import { MAX_VARIABLES, parseEnvFile } from "../../lib/secrets/env_file.ts";

function values(text: string): Record<string, string> {
  return Object.fromEntries(parseEnvFile(text).variables.map(({ name, value }) => [name, value]));
}

function malformed(line: number): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ToolError);
    assert.equal(error.code, "env_file_malformed");
    assert.match(error.message, new RegExp(`^line ${line} of the env file cannot be read: `));
    assert.deepEqual(error.data, { line });
    return true;
  };
}

Deno.test("parseEnvFile() reads comments, blanks, export, quotes, CRLF and a byte order mark", () => {
  const text =
    '\uFEFF# first\r\n\r\nA=1\r\n  export B = two words \r\nC=\'x # y\'\r\nD="a\\nb"\nE=`it\'s "q"`\nF=\nG: yaml\n';
  assert.deepEqual(values(text), {
    A: "1",
    B: "two words",
    C: "x # y",
    D: "a\nb",
    E: 'it\'s "q"',
    F: "",
    G: "yaml",
  });
  assert.deepEqual(parseEnvFile(text).warnings, []);
});

Deno.test("parseEnvFile() keeps =, $, backslashes and quotes inside a value as the file says", () => {
  assert.deepEqual(values("A=a=b==\nB=$HOME${X}$(id)`y`\nC='c:\\'\nD=it's\nE='a$b'\nF=\"$G\"\n"), {
    A: "a=b==",
    B: "$HOME${X}$(id)`y`",
    C: "c:\\",
    D: "it's",
    E: "a$b",
    F: "$G",
  });
});

Deno.test("parseEnvFile() reads a quoted value of several lines and counts its lines", () => {
  const { variables } = parseEnvFile("K='-----BEGIN\nab=cd\n# no comment\n-----END'\nN=1");
  assert.deepEqual(variables, [
    { name: "K", value: "-----BEGIN\nab=cd\n# no comment\n-----END", public: false, line: 1 },
    { name: "N", value: "1", public: false, line: 5 },
  ]);
});

Deno.test("parseEnvFile() warns with name and line when a value is cut at an unquoted #", () => {
  const { variables, warnings } = parseEnvFile("OK='a#b'\nTOKEN=abc#def\nSTART=#abc\nNOTE=abc # def\n");
  assert.deepEqual(variables.map(({ value }) => value), ["a#b", "abc", "", "abc"]);
  assert.deepEqual(warnings, [
    "TOKEN (line 2) is cut at an unquoted #; put the value in quotes to keep it whole",
    "START (line 3) is cut at an unquoted #; put the value in quotes to keep it whole",
    "what follows an unquoted # was taken for a comment: NOTE (line 4)",
  ]);
});

Deno.test("parseEnvFile() decodes the escapes of double quotes, in one pass, and of nothing else", () => {
  const text = [
    'A="a\\nb\\rc\\td"',
    "B='a\\tb'",
    'C="say \\"hi\\""',
    'D="C:\\\\new\\\\\\n"',
    'E="\\$HOME \\` $HOME"',
    "F=a\\tb",
  ].join("\n");
  const { variables, warnings } = parseEnvFile(text);
  const values = ["a\nb\rc\td", "a\\tb", 'say "hi"', "C:\\new\\\n", "$HOME ` $HOME", "a\\tb"];
  assert.deepEqual(variables.map(({ value }) => value), values);
  assert.deepEqual(warnings, []);
});

Deno.test("parseEnvFile() keeps a backslash that is no escape, and says so", () => {
  const { variables, warnings } = parseEnvFile('A="\\d\\\\x"\nB="\\\\d"\n');
  assert.deepEqual(variables.map(({ value }) => value), ["\\d\\x", "\\d"]);
  assert.deepEqual(warnings.map((warning) => warning.split(":")[0]), ["A (line 1)"]);
});

Deno.test("parseEnvFile() lets the last of duplicates win and warns", () => {
  const { variables, warnings } = parseEnvFile("A=first\nB=x\nA=second\n");
  assert.deepEqual(variables, [
    { name: "B", value: "x", public: false, line: 2 },
    { name: "A", value: "second", public: false, line: 3 },
  ]);
  assert.deepEqual(warnings, ["A is set on line 1 and again on line 3; the last one counts"]);
});

Deno.test("parseEnvFile() marks only the variable on the line after `# mcp: public`", () => {
  const text =
    "# mcp: public\nA=1\nB=2\n#mcp:public\n\nC=3\n# mcp: public\nexport D='x\ny'\n# mcp: public thing\nE=4\n";
  assert.deepEqual(parseEnvFile(text).variables.filter((each) => each.public).map(({ name }) => name), ["A", "D"]);
});

Deno.test("parseEnvFile() does not load a name that no shell can hold, and says so by line", () => {
  const { variables, warnings } = parseEnvFile("a.b=1\n1X=2\nGOOD=3\nx-y=4\n");
  assert.deepEqual(variables.map(({ name }) => name), ["GOOD"]);
  assert.match(warnings.join(), /^not loaded, because a name is made of letters, .*: line 1, 2, 4$/);
});

Deno.test("parseEnvFile() says when a file holds no variables", () => {
  for (const text of ["", "\n\n", "# only this\n", "\uFEFF"]) {
    assert.deepEqual(parseEnvFile(text), { variables: [], warnings: ["the file holds no variables"] });
  }
});

Deno.test("parseEnvFile() throws env_file_malformed with the line and never the text", () => {
  const secret = "hunter2-swordfish";
  const cases: [string, number][] = [
    [`A=1\n${secret}\n`, 2],
    [`A=1\n\nB='${secret}\nC=2\n`, 3],
    [`A="${secret}" ${secret}\n`, 1],
    [`A='x'${secret}'\n`, 1],
    [`A=\`${secret}\n`, 1],
    [`=${secret}\n`, 1],
    [`A=1\r\nexport ${secret}\r\n`, 2],
    [`A=${secret}\0\n`, 1],
    [`A='1\n2'\nB='${secret}\n\0'\n`, 3],
    [`A: '1'\nB:${secret}\n`, 2],
    [`A\n=${secret}\n`, 1],
  ];
  for (const [text, line] of cases) {
    assert.throws(() => parseEnvFile(text), malformed(line), JSON.stringify(text));
    try {
      parseEnvFile(text);
    } catch (error) {
      assert.doesNotMatch(`${JSON.stringify(error)}${(error as Error).stack}${(error as ToolError).hint}`, /sword/);
    }
  }
});

Deno.test("parseEnvFile() never puts a value into a warning", () => {
  const text = 'A=zzsecret#zz\nA="zzsecret\\dzz"\nzz.secret=zz\nB=zzsecret # zz\nC=' + "zz".repeat(70_000);
  const { warnings } = parseEnvFile(text);
  assert.equal(warnings.length, 6);
  assert.doesNotMatch(warnings.join("\n"), /zz/);
});

Deno.test("parseEnvFile() throws limit_reached when there are more than 1000 variables", () => {
  const lines = (count: number) => Array.from({ length: count }, (_, at) => `V${at}=${at}`).join("\n");
  assert.equal(parseEnvFile(lines(MAX_VARIABLES)).variables.length, 1000);
  assert.throws(() => parseEnvFile(lines(MAX_VARIABLES + 1)), { name: "ToolError", code: "limit_reached" });
});

Deno.test("parseEnvFile() agrees with the library on every text that it accepts", () => {
  const random = generator(7);
  const pieces = ["A", "B", "X1", "a.b", "=", "=", "=", ":", " ", "\n", "\n", "\r\n", "#", "'", '"', "`", "\\", "\\n"];
  pieces.push("export ", "value", "$A", "\t", "'q'", '"q q"', "\u00a0", "\u2028", "# mcp: public", "é", "A=1\n", "B='");
  let accepted = 0;
  for (let round = 0; round < 60_000; round++) {
    const text = Array.from({ length: 1 + random(14) }, () => pieces[random(pieces.length)]!).join("");
    let mine: Record<string, string>;
    try {
      mine = values(text);
    } catch (error) {
      assert.ok(error instanceof ToolError, JSON.stringify(text));
      continue;
    }
    const theirs = Object.fromEntries(
      Object.entries(dotenv.parse(text)).filter(([name]) => /^[A-Za-z_]\w*$/.test(name)),
    );
    assert.deepEqual(sorted(mine), sorted(theirs), JSON.stringify(text));
    if (Object.keys(mine).length > 0) accepted++;
  }
  assert.ok(accepted > 1000, `${accepted} texts with variables were accepted`);
});

Deno.test("parseEnvFile() finds every variable when the text is well formed", () => {
  const random = generator(11);
  const alphabet = [..."abcXYZ019=$:;&<>/+% .,-_é漢"];
  const word = () => Array.from({ length: random(20) }, () => alphabet[random(alphabet.length)]!).join("");
  for (let round = 0; round < 300; round++) {
    const expected: Record<string, string> = {};
    let text = "";
    for (let at = 0; at < 10; at++) {
      const value = word().trim(), quote = ["", "'", '"', "`"][random(4)]!;
      expected[`N${at}`] = quote ? `${value}#\n${value}` : value;
      text += `${["", "export ", "# note\n", "\n"][random(4)]}N${at}=${quote}${expected[`N${at}`]}${quote}\n`;
    }
    assert.deepEqual(values(text), expected);
  }
});

Deno.test("parseEnvFile() takes no more than linear work when a text is hostile", () => {
  const size = 300_000;
  const steps = (text: string) => {
    try {
      return parseEnvFile(text).variables.length;
    } catch (error) {
      assert.ok(error instanceof ToolError);
      return 0;
    }
  };
  // Any quadratic step would take minutes here, and the test runner's patience is shorter.
  const hostile = ["\n", "A='\\'", "A=\n", " ", "\\'", "A='\n", "'", "#", "A= ", "\t\n", 'A="\\" '];
  for (const unit of hostile) {
    steps(unit.repeat(Math.floor(size / unit.length)));
    steps("A='" + unit.repeat(Math.floor(size / unit.length)) + "'");
    steps("A=" + unit.repeat(Math.floor(size / unit.length)) + "x");
  }
  assert.equal(steps("A='" + "\\'".repeat(size / 2) + "'"), 1);
});

function sorted(record: Record<string, string>): [string, string][] {
  return Object.entries(record).sort(([left], [right]) => left < right ? -1 : 1);
}

/** A small generator of whole numbers, the same in every run. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor(state / 65536) % below;
  };
}

Deno.test("parseEnvFile() warns of a carriage return that it reads as a line end, and not of CRLF", () => {
  const { variables, warnings } = parseEnvFile("A=1\r\nB='one\rtwo'\r\nC=\"one\\rtwo\"\r\n");
  assert.deepEqual(variables.map(({ value }) => value), ["1", "one\ntwo", "one\rtwo"]);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /carriage return that ends no line \(line 2\)/);
  assert.deepEqual(parseEnvFile("A=1\r\nB='x\r\ny'\r\n").warnings, []);
});
