/**
 * A linked shader of one variant, and where its uniforms are.
 */

import { FLAG_COLOUR, SATURATED_COLOUR, ZERO_COLOUR } from './scene.ts';
import { fragmentShader, VERTEX_SHADER, type ShaderVariant } from './shaders.ts';

/** Texture units, in the order in which the shader's samplers are bound to them. */
const SAMPLERS = ['rawPicture', 'enhancedPicture', 'lut', 'diverging', 'flags'];

export class ShaderProgram {
  readonly program: WebGLProgram;
  readonly #gl: WebGL2RenderingContext;
  readonly #uniforms = new Map<string, WebGLUniformLocation | null>();

  /** Leaves the program in use. Throws when it does not link. */
  constructor(gl: WebGL2RenderingContext, variant: ShaderVariant) {
    this.#gl = gl;
    this.program = link(gl, fragmentShader(variant));
    gl.useProgram(this.program);
    SAMPLERS.forEach((name, unit) => gl.uniform1i(this.at(name), unit));
    gl.uniform3f(this.at('saturatedColour'), ...unit(SATURATED_COLOUR));
    gl.uniform3f(this.at('zeroColour'), ...unit(ZERO_COLOUR));
    gl.uniform3f(this.at('flagColour'), ...unit(FLAG_COLOUR));
  }

  /** Null for a uniform that this variant has no use for: WebGL then ignores what is set. */
  at(name: string): WebGLUniformLocation | null {
    let location = this.#uniforms.get(name);
    if (location === undefined) {
      location = this.#gl.getUniformLocation(this.program, name);
      this.#uniforms.set(name, location);
    }
    return location;
  }
}

const unit = (rgb: readonly [number, number, number]): [number, number, number] => [
  rgb[0] / 255,
  rgb[1] / 255,
  rgb[2] / 255,
];

function link(gl: WebGL2RenderingContext, fragment: string): WebGLProgram {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX_SHADER],
    [gl.FRAGMENT_SHADER, fragment],
  ] as const) {
    const shader = gl.createShader(type)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    throw new Error(`the picture shader does not link: ${gl.getProgramInfoLog(program)}`);
  }
  return program;
}
