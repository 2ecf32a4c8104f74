import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createMessageReader, writeMessage } from '../../models/framing.ts';

const message = fc.record({
  header: fc.record({ id: fc.nat(), name: fc.string() }),
  parts: fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 3 }),
});

it('gives back every message, in order, however the stream is cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(message, { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 30 })),
      async (sent, cuts) => {
        const stream = new PassThrough();
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        await Promise.all(sent.map(({ header, parts }) => writeMessage(stream, header, parts)));

        const received: { header: unknown; bytes: number[] }[] = [];
        const read = createMessageReader(({ header, bytes }) => received.push({ header, bytes: [...bytes] }));
        let rest = Buffer.concat(chunks);
        for (const cut of cuts) {
          read(rest.subarray(0, cut));
          rest = rest.subarray(cut);
        }
        read(rest);
        expect(received).toEqual(
          sent.map(({ header, parts }) => ({ header, bytes: parts.flatMap((part) => [...part]) })),
        );
      },
    ),
  );
});

it('puts the bytes at the start of an array of their own, so that they can be read as uint16', async () => {
  const stream = new PassThrough();
  const words: Uint16Array[] = [];
  stream.on(
    'data',
    createMessageReader(({ bytes }) => words.push(new Uint16Array(bytes.buffer))),
  );
  await writeMessage(stream, { odd: '1' }, [Uint16Array.of(1, 2, 65535)]);
  expect([...words[0]]).toEqual([1, 2, 65535]);
});
