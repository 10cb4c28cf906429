import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Redactor } from "./redactor.ts";

const redactor = (...secrets: string[]): Redactor => {
  const made = new Redactor();
  for (const [index, secret] of secrets.entries()) made.register(`s${index}`, secret);
  return made;
};

/** A stream's text in these pieces, as it would be stored. */
function streamed(by: Redactor, pieces: string[]): string {
  let stored = "";
  let held = "";
  for (const piece of pieces) {
    const split = by.split(held + piece);
    stored += split.out;
    held = split.held;
  }
  return stored + by.text(held);
}

describe("[part of T14] secrets in output", () => {
  test("are taken out as they are, in JSON, in base64 and in URLs", () => {
    const by = redactor('hun"ter/22');
    const forms = ['hun"ter/22', JSON.stringify({ a: 'hun"ter/22' }), "aHVuInRlci8yMg==", "hun%22ter%2F22"];
    for (const form of forms) {
      assert.ok(by.text(`a ${form} b`).includes("Secret(s0)"), form);
      assert.ok(!by.text(form).includes("ter"), form);
    }
    assert.equal(by.text("nothing here"), "nothing here");
  });

  test("are taken out wherever the text is cut", () => {
    const secrets = ["hunter22", "hunter22-long", "abcd", "cdefgh", "ababac"];
    const text = "x hunter2 hunter22 hunter22-lon hunter22-long abcdefgh abababac cde hunter22";
    const whole = redactor(...secrets).text(text);
    for (const secret of secrets) assert.ok(!whole.includes(secret), secret);
    for (let first = 0; first <= text.length; first++)
      for (let second = first; second <= text.length; second++) {
        const pieces = [text.slice(0, first), text.slice(first, second), text.slice(second)];
        assert.equal(streamed(redactor(...secrets), pieces), whole, `${first} ${second}`);
      }
    assert.equal(streamed(redactor(...secrets), [...text]), whole);
  });

  test("nothing is held back that cannot become one", () => {
    const by = redactor("hunter22");
    assert.deepEqual(by.split("progress 10%\r"), { out: "progress 10%\r", held: "" });
    assert.deepEqual(by.split("a hunt"), { out: "a ", held: "hunt" });
  });

  test("are taken out of MIME data and its keys, and pictures are left alone", () => {
    const by = redactor("hunter22");
    assert.deepEqual(
      by.bundle({
        "text/plain": "hunter22",
        "application/json": { hunter22: ["hunter22", 1, null] },
        "image/png": "hunter22",
      }),
      {
        "text/plain": "Secret(s0)",
        "application/json": { "Secret(s0)": ["Secret(s0)", 1, null] },
        "image/png": "hunter22",
      },
    );
  });

  test("what is held is written down without it, and found again", () => {
    const by = redactor("hunter22");
    const reference = by.reference("hunt");
    assert.ok(reference && !JSON.stringify(reference).includes("hunt"));
    assert.equal(redactor("other-secret", "hunter22").resolve(reference), "hunt");
    assert.equal(redactor("other-secret").resolve(reference), "");
  });

  test("a name is a label and no markup, and a short text is no secret", () => {
    const by = new Redactor();
    assert.equal(by.register("x", "abc"), false);
    assert.equal(by.register("<b>\u001b[31m\n$& $1", "hunter22"), true);
    assert.equal(by.text("hunter22"), "Secret(b31m 1)");
  });
});
