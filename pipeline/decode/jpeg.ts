import { encodedFileDecoder } from './encodedFile.ts';

/** Baseline and progressive JPEG, grey and RGB. */
export const decoder = encodedFileDecoder({ id: 'jpeg', signature: [0xff, 0xd8, 0xff], endMark: [0xff, 0xd9] });
