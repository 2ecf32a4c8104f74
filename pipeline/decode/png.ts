import { encodedFileDecoder } from './encodedFile.ts';

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** PNG, 8 and 16 bit, grey and RGB. A transparency channel is left out. */
export const decoder = encodedFileDecoder('png', (head) => SIGNATURE.every((byte, i) => head[i] === byte));
