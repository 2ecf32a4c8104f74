import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', './test/closingLine.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Native code (onnxruntime, sharp) and child processes behave as in production only in real processes.
    pool: 'forks',
    maxWorkers: 2,
  },
});
