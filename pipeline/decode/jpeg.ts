import { encodedFileDecoder } from './encodedFile.ts';

/** Baseline and progressive JPEG, grey and RGB. */
export const decoder = encodedFileDecoder('jpeg', ([a, b, c]) => a === 0xff && b === 0xd8 && c === 0xff);
