import assert from "node:assert/strict";
import { App } from "../../lib/mcp/app.ts";

const SECRET = "Qx7fPz2mWn9vKd4hTr6s";

Deno.test("an app that is not ready yet lets text out as it is and takes no secret", () => {
  const app = new App();
  assert.deepEqual(app.egress.clean({ [SECRET]: [SECRET, 1234567] }), { [SECRET]: [SECRET, 1234567] });
  assert.throws(() => app.redactor, /before the app is ready/);
  assert.throws(() => app.vault, /before the app is ready/);
});

Deno.test("ready() gives callers that come together and later ones the same redactor and vault", async () => {
  const app = new App();
  const firstComes = app.ready().then(() => {
    app.vault.mask(SECRET);
    return [app.redactor, app.vault];
  });
  const [first, second] = await Promise.all([firstComes, app.ready().then(() => [app.redactor, app.vault])]);
  await app.ready();
  assert.deepEqual(second.map((one, i) => one === first[i]), [true, true]);
  assert.equal(app.redactor, first[0]);
  assert.deepEqual(app.egress.clean([`it is ${SECRET}`]), ["it is ***"]);
});
