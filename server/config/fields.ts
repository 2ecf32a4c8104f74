/** The kinds of setting, each of which can say in words what it accepts. */

import { z } from 'zod';

/** Adds to a schema what a person needs to know: what it is, and what is valid. */
function described<S extends z.ZodType>(schema: S, about: string, valid: string): S {
  return schema.meta({ about, valid });
}

/** A number in a closed range, with its unit (`ms`, `frames/s`, `px` ...; empty for a plain count). */
export function number(about: string, unit: string, min: number, max: number) {
  return described(z.number().min(min).max(max), about, `a number from ${min} to ${max}${unit && ` ${unit}`}`);
}

export function whole(about: string, unit: string, min: number, max: number) {
  return described(z.int().min(min).max(max), about, `a whole number from ${min} to ${max}${unit && ` ${unit}`}`);
}

export function text(about: string, most = 4096) {
  return described(z.string().min(1).max(most), about, `text of 1 to ${most} characters`);
}

export function yesNo(about: string) {
  return described(z.boolean(), about, 'true or false');
}

export function oneOf<const T extends readonly [string, ...string[]]>(about: string, values: T) {
  return described(z.enum(values), about, `one of ${values.join(', ')}`);
}

export function listOf(about: string) {
  return described(z.array(z.string().min(1)), about, 'a list of texts');
}
