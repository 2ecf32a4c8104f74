import { encodedFileDecoder } from './encodedFile.ts';

/** PNG, 8 and 16 bit, grey and RGB. A transparency channel is left out. */
export const decoder = encodedFileDecoder({
  id: 'png',
  signature: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
  endMark: [0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82], // The IEND chunk and its checksum.
});
