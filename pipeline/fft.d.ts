/** What is used of fft.js, which ships no types. Complex numbers are interleaved: re, im, re, im ... */
declare module 'fft.js' {
  type Complex = number[] | Float64Array;

  export default class FFT {
    /** `size` is a power of two. */
    constructor(size: number);
    createComplexArray(): number[];
    transform(to: Complex, from: Complex): void;
    inverseTransform(to: Complex, from: Complex): void;
    realTransform(to: Complex, from: Complex): void;
    completeSpectrum(spectrum: Complex): void;
  }
}
