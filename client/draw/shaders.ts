/**
 * The shader that turns stored intensities into colours. Positions `x` are in raw samples (see picture.ts).
 */

import type { Showing } from './scene.ts';

export const VERTEX_SHADER = `#version 300 es
// One triangle that covers the viewport.
void main() {
  vec2 corner = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2);
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}`;

/**
 * How a picture is read between its samples.
 * `nearest`: the sample itself. `areaMean`: the mean of the samples that fall into a screen pixel. `bicubic`: Catmull-Rom.
 */
export type Reading = 'nearest' | 'areaMean' | 'bicubic' | 'bilinear';

/** What is settled before a shader is compiled. */
export interface ShaderVariant {
  readonly showing: Showing;
  readonly raw: Reading;
  readonly enhanced: Reading;
  /** One sample a pixel, not three. */
  readonly grey: boolean;
  readonly highlight: boolean;
  readonly hatch: boolean;
}

/**
 * The shader of one variant. Choices are settled when it is compiled and not by uniforms, because WebGL on a processor works through
 * every branch that it is given, taken or not.
 */
export function fragmentShader({ showing, raw, enhanced, grey, highlight, hatch }: ShaderVariant): string {
  const defined = { [showing.toUpperCase()]: true, GREY: grey, HIGHLIGHT: highlight, HATCH: hatch };
  const names = Object.entries(defined).flatMap(([name, on]) => (on ? [`#define ${name}\n`] : []));
  return `#version 300 es
${names.join('')}#define READ_RAW ${raw}
#define READ_ENHANCED ${enhanced}
${BODY}`;
}

const BODY = `
precision highp float;
precision highp int;
precision highp usampler2D;

uniform usampler2D rawPicture;
uniform usampler2D enhancedPicture;
uniform sampler2D lut;          // 256 x 1
uniform sampler2D diverging;    // 256 x 1
uniform usampler2D flags;       // one value a raw pixel: 1 flagged
uniform float canvasHeight;     // device pixels
uniform vec2 origin;            // device pixels from the top left: the corner of raw sample (0, 0)
uniform float scale;            // device pixels per raw sample
uniform float magnification;    // enhanced samples per raw sample
uniform vec2 rawUnits;          // intensity = stored * x + y
uniform vec2 enhancedUnits;
uniform vec2 window;
uniform float gamma;
uniform float saturatedFrom;
uniform float differenceRange;
uniform vec3 saturatedColour;
uniform vec3 zeroColour;
uniform vec3 flagColour;

out vec4 colour;

// Between two samples the choice must not depend on rounding errors: the later one wins.
const float TIE = 0.001;

vec3 stored(usampler2D picture, ivec2 at) {
  vec3 value = vec3(texelFetch(picture, clamp(at, ivec2(0), textureSize(picture, 0) - 1), 0).rgb);
#ifdef GREY
  return value.rrr;
#else
  return value;
#endif
}

vec3 nearest(usampler2D picture, vec2 at, float samplesPerPixel) {
  return stored(picture, ivec2(floor(at + 0.5 + TIE)));
}

vec4 catmullRom(float f) {
  return 0.5 * vec4(
    f * (-1.0 + f * (2.0 - f)),
    2.0 + f * f * (-5.0 + 3.0 * f),
    f * (1.0 + f * (4.0 - 3.0 * f)),
    f * f * (f - 1.0));
}

vec3 bicubic(usampler2D picture, vec2 at, float samplesPerPixel) {
  ivec2 base = ivec2(floor(at));
  vec2 f = at - vec2(base);
  vec4 wx = catmullRom(f.x);
  vec4 wy = catmullRom(f.y);
  vec3 sum = vec3(0.0);
  for (int j = 0; j < 4; j++) {
    vec3 row = vec3(0.0);
    for (int i = 0; i < 4; i++) row += wx[i] * stored(picture, base + ivec2(i - 1, j - 1));
    sum += wy[j] * row;
  }
  return max(sum, vec3(0.0));
}

vec3 bilinear(usampler2D picture, vec2 at, float samplesPerPixel) {
  ivec2 base = ivec2(floor(at));
  vec2 f = at - vec2(base);
  vec3 above = mix(stored(picture, base), stored(picture, base + ivec2(1, 0)), f.x);
  vec3 below = mix(stored(picture, base + ivec2(0, 1)), stored(picture, base + ivec2(1, 1)), f.x);
  return mix(above, below, f.y);
}

// Mean over the samples that fall into one screen pixel, at most 8 x 8 of them.
vec3 areaMean(usampler2D picture, vec2 at, float samplesPerPixel) {
  int n = int(min(ceil(samplesPerPixel), 8.0));
  vec3 sum = vec3(0.0);
  for (int j = 0; j < n; j++)
    for (int i = 0; i < n; i++) {
      vec2 offset = (vec2(i, j) + 0.5) / float(n) - 0.5;
      sum += stored(picture, ivec2(floor(at + offset * samplesPerPixel + 0.5 + TIE)));
    }
  return sum / float(n * n);
}

vec3 rawIntensity(vec2 x) {
  return READ_RAW(rawPicture, x, 1.0 / scale) * rawUnits.x + rawUnits.y;
}

vec3 enhancedIntensity(vec2 x) {
#ifdef GREY
  float first = 0.0;
#else
  float first = (1.0 / magnification - 1.0) / 2.0; // positionOf in picture.ts
#endif
  vec2 at = (x - first) * magnification;
  return READ_ENHANCED(enhancedPicture, at, magnification / scale) * enhancedUnits.x + enhancedUnits.y;
}

vec3 lookUp(sampler2D table, float t) {
  return texelFetch(table, ivec2(int(clamp(t, 0.0, 1.0) * 255.0 + 0.5), 0), 0).rgb;
}

vec3 hatched(vec3 shown, ivec2 pixel, vec2 fromTopLeft) {
  if (texelFetch(flags, pixel, 0).r == 0u) return shown;
  return mod(fromTopLeft.x + fromTopLeft.y, 7.0) < 2.5 ? flagColour : shown;
}

void main() {
  vec2 fromTopLeft = vec2(gl_FragCoord.x, canvasHeight - gl_FragCoord.y);
  vec2 corner = (fromTopLeft - origin) / scale;
  vec2 x = corner - 0.5;
  ivec2 size = textureSize(rawPicture, 0);
  if (corner.x < 0.0 || corner.y < 0.0 || corner.x >= float(size.x) || corner.y >= float(size.y)) discard;

  vec3 shown;
#ifdef DIFFERENCE
  vec3 difference = rawIntensity(x) - enhancedIntensity(x);
  float mean = (difference.r + difference.g + difference.b) / 3.0;
  shown = lookUp(diverging, 0.5 + 0.5 * mean / differenceRange);
#else
#ifdef RAW
  vec3 value = rawIntensity(x);
#else
  vec3 value = enhancedIntensity(x);
#endif
  shown = pow(clamp((value - window.x) / max(window.y - window.x, 1e-6), 0.0, 1.0), vec3(gamma));
#ifdef GREY
  shown = lookUp(lut, shown.r);
#endif
#ifdef HIGHLIGHT
  vec3 measured = stored(rawPicture, ivec2(floor(corner))) * rawUnits.x + rawUnits.y;
  float most = max(measured.r, max(measured.g, measured.b));
  if (most >= saturatedFrom) shown = saturatedColour;
  else if (most <= 0.0) shown = zeroColour;
#endif
#endif
#ifdef HATCH
  shown = hatched(shown, ivec2(floor(corner)), fromTopLeft);
#endif
  colour = vec4(shown, 1.0);
}`;
