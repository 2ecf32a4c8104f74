/** Records without end, and says on stdout which planes were acknowledged. The crash test kills it. */

import { createRecorder } from '../../../pipeline/record/recorder.ts';
import { acquisition, frame, plane, row } from './frames.ts';

const [root, id] = process.argv.slice(2) as [string, string];
const recorder = createRecorder({ root, softwareVersion: '0.0.0', planesPerShard: 8, fsyncIntervalMs: 20 });
const recording = await recorder.open(acquisition({ id, sizeX: 64, sizeY: 64 }));
process.stdout.write('open\n');

for (let sequence = 0; ; sequence++) {
  const one = frame(sequence, {}, plane(sequence, 64));
  await recording.writeRaw(one);
  process.stdout.write(`raw ${sequence}\n`);
  await recording.writeEnhanced(one);
  process.stdout.write(`enhanced ${sequence}\n`);
  recording.writeRow(row(one));
}
