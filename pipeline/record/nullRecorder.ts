import type { Recorder, Recording } from '../ports.ts';

/** Recording is switched off: nothing is kept, and the status says so. */
export const nullRecorder: Recorder = {
  async open(): Promise<Recording> {
    return {
      async writeRaw() {},
      async writeEnhanced() {},
      writeRow() {},
      writeMissing() {},
      status: { state: 'off', rawFrames: 0, enhancedFrames: 0, bytesWritten: 0 },
      async close() {},
    };
  },
};
