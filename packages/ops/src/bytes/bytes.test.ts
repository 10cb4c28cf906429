import assert from "node:assert/strict";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { python } from "../core/testing.ts";
import { files } from "../files/index.ts";
import { decodeFloat16, encodeFloat16 } from "./float16.ts";
import { bytes } from "./index.ts";

/** Layouts with values, packed by Python's `struct`. Bytes are hex, whole numbers texts, floats as themselves. */
const RANDOM = `
import random, struct, math
random.seed(input)
INTS = {'b': 8, 'B': 8, 'h': 16, 'H': 16, 'i': 32, 'I': 32, 'q': 64, 'Q': 64}
def whole(code, bits):
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if code.islower() else (0, (1 << bits) - 1)
    return random.choice([low, high, 0, random.randint(low, high)])
cases = []
for _ in range(1000):
    order = random.choice(['', '@', '=', '<', '>', '!'])
    text, values, shown = order, [], []
    for _ in range(random.randint(1, 8)):
        code = random.choice('xcbBhHiIlLqQefdsp?')
        # Python writes a stray byte for 0p.
        count = random.choice([None, None, 0, 1, 2, 5] if code != 'p' else [None, 1, 2, 5])
        text += random.choice(['', ' ']) + ('' if count is None else str(count)) + code
        n = 1 if count is None else count
        if code == 'x': continue
        if code in 'sp':
            room = n if code == 's' else max(n - 1, 0)
            data = random.randbytes(random.randint(0, room))
            values.append(data)
            shown.append(['bytes', data.ljust(n, b'\\0').hex() if code == 's' else data.hex()])
            continue
        for _ in range(n):
            if code == 'c':
                value = random.randbytes(1); shown.append(['bytes', value.hex()])
            elif code == '?':
                value = random.random() < .5; shown.append(['boolean', value])
            elif code in 'efd':
                value = struct.unpack('<' + code, struct.pack('<' + code, random.uniform(-6e4, 6e4)))[0]
                shown.append(['number', value])
            elif code in 'lL':
                value = whole(code, 32); shown.append(['number', value])
            else:
                value = whole(code, INTS[code]); shown.append(['whole', str(value)])
            values.append(value)
    packed = struct.pack(text, *values)
    cases.append({'format': text, 'packed': packed.hex(), 'values': shown})
print(json.dumps(cases))
`;

interface Case {
  readonly format: string;
  readonly packed: string;
  readonly values: readonly (readonly [string, unknown])[];
}

describe("bytes", () => {
  test("[4.1-binary] 1,000 random layouts: values and bytes agree with Python's struct, both ways", () => {
    const cases = python<Case[]>(RANDOM, 4);
    assert.equal(cases.length, 1000);
    for (const { format, packed, values } of cases) {
      const buffer = Buffer.from(packed, "hex");
      assert.equal(bytes.size(format), buffer.length, format);
      const read = bytes.unpack(format, buffer);
      const shown = read.map((value, index) => {
        if (value instanceof Uint8Array) return ["bytes", Buffer.from(value).toString("hex")];
        if (values[index]?.[0] === "whole") return ["whole", String(value)];
        return [typeof value, value];
      });
      assert.deepEqual(shown, values, format);
      const again = bytes.pack(format, ...read);
      assert.equal(Buffer.from(again).toString("hex"), packed, format);
    }
  });

  test("[4.1-binary] the header of a file that Python wrote", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "opsbook-bytes-"));
    const path = join(folder.path, "image.xcf");
    python(
      `import struct
open(input, 'wb').write(struct.pack('>9s4sx III', b'gimp xcf ', b'v011', 640, 480, 1) + b'rest' * 100)
print('null')`,
      path,
    );
    const [magic, version, width, height, kind] = bytes.unpack(">9s4sx III", await files.head(path, 100));
    const decode = (part: Uint8Array) => new TextDecoder().decode(part);
    const area: number = width * height;
    assert.deepEqual([decode(magic), decode(version), area, kind], ["gimp xcf ", "v011", 307_200, 1]);
    // @ts-expect-error: the layout has five values
    const [, , , , , sixth] = bytes.unpack(">9s4sx III", await files.head(path, 100));
    assert.equal(sixth, undefined);
  });

  test("[4.1-binary] the hex view shows offset, bytes and characters, and cuts what is long", () => {
    const view = bytes.hex(Buffer.from("GET / HTTP/1.0\r\n\r\n"));
    assert.equal(
      inspect(view),
      "00000000  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 30 0d 0a  |GET / HTTP/1.0..|\n" +
        "00000010  0d 0a                                             |..|",
    );
    assert.match(String(bytes.hex(new Uint8Array(100_000))), /… 34464 more bytes$/);
  });

  test("every half there is, and what lies between two of them, as the engine's own", () => {
    const view = new DataView(new ArrayBuffer(2));
    for (let bits = 0; bits < 65_536; bits += 1) {
      view.setUint16(0, bits);
      assert.ok(Object.is(decodeFloat16(bits), view.getFloat16(0)), String(bits));
    }
    for (let bits = 0; bits < 0x7bff; bits += 1) {
      const [low, high] = [decodeFloat16(bits), decodeFloat16(bits + 1)];
      for (const value of [low, (low + high) / 2, low + (high - low) * 0.49, -low - (high - low) * 0.51]) {
        view.setFloat16(0, value);
        assert.equal(encodeFloat16(value), view.getUint16(0), String(value));
      }
    }
    assert.equal(encodeFloat16(Number.NEGATIVE_INFINITY), 0xfc00);
    assert.ok(Number.isNaN(decodeFloat16(encodeFloat16(Number.NaN))));
  });

  test("what does not fit is refused with the reason", () => {
    assert.throws(() => bytes.unpack(">I", new Uint8Array(3)), /needs 4 bytes, there are 3/);
    assert.throws(() => bytes.unpack("4y", new Uint8Array(3)), /"y" at 1 is none of/);
    assert.throws(() => bytes.pack("B", 256), /256 does not fit B: 0 to 255/);
    assert.throws(() => bytes.pack("<h", 1.5), /whole number/);
    assert.throws(() => bytes.pack("2s", Uint8Array.of(1, 2, 3)), /3 bytes do not fit/);
    assert.throws(() => bytes.pack("e", 70_000), /does not fit e/);
    // @ts-expect-error: one value too many
    assert.throws(() => bytes.pack("BB", 1, 2, 3), /takes 2 values, there are 3/);
    assert.throws(
      () => bytes.unpack("<q L", new Uint8Array(20).fill(255)) && bytes.unpack("@L", new Uint8Array(8).fill(255)),
      /q or Q/,
    );
  });
});
