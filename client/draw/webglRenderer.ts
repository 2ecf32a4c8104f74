/**
 * Draws scenes with WebGL2. Pictures are integer textures of the stored values, so what the shader reads is what was sent:
 * no conversion to floats or to 8 bits on the way.
 */

import { DIVERGING, type Lut } from './lut.ts';
import type { Picture } from './picture.ts';
import type { Layer, Pane, Renderer, Scene } from './scene.ts';
import { ShaderProgram } from './shaderProgram.ts';
import type { Reading, ShaderVariant } from './shaders.ts';

interface Held {
  readonly texture: WebGLTexture;
  picture: Picture | undefined;
}

/** Names of WebGL implementations that draw on the CPU: there, smooth sampling is bilinear, a quarter of the work. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|basic render/i;

/** Undefined when the browser has no WebGL2. */
export function createWebglRenderer(canvas: HTMLCanvasElement): Renderer | undefined {
  const gl = canvas.getContext('webgl2', { alpha: false, antialias: false, depth: false, powerPreference: 'default' });
  return gl ? new WebglRenderer(canvas, gl) : undefined;
}

class WebglRenderer implements Renderer {
  readonly kind = 'webgl2';
  readonly #canvas: HTMLCanvasElement;
  readonly #gl: WebGL2RenderingContext;
  /** By variant: each is compiled when it is first needed. */
  #programs = new Map<string, ShaderProgram>();
  /** One texture for each role of each layer, kept and refilled. */
  #pictures = new Map<string, Held>();
  #luts = new Map<Lut, WebGLTexture>();
  #flags!: WebGLTexture;
  #heldFlags: Uint8Array | undefined;
  #last: Scene | undefined;
  readonly onProcessor: boolean;
  readonly #smooth: Reading;

  constructor(canvas: HTMLCanvasElement, gl: WebGL2RenderingContext) {
    this.#canvas = canvas;
    this.#gl = gl;
    this.onProcessor = SOFTWARE.test(rendererName(gl));
    this.#smooth = this.onProcessor ? 'bilinear' : 'bicubic';
    canvas.addEventListener('webglcontextlost', this.#lost);
    canvas.addEventListener('webglcontextrestored', this.#restored);
    this.#prepare();
  }

  draw(scene: Scene): void {
    this.#last = scene;
    const gl = this.#gl;
    if (gl.isContextLost()) return;
    if (this.#canvas.width !== scene.width || this.#canvas.height !== scene.height) {
      this.#canvas.width = scene.width;
      this.#canvas.height = scene.height;
    }
    gl.viewport(0, 0, scene.width, scene.height);
    gl.disable(gl.SCISSOR_TEST);
    const [red, green, blue] = scene.background;
    gl.clearColor(red / 255, green / 255, blue / 255, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.enable(gl.SCISSOR_TEST);
    for (const pane of scene.panes) {
      if (pane.width < 1 || pane.height < 1) continue;
      gl.scissor(pane.x, scene.height - pane.y - pane.height, pane.width, pane.height);
      this.#drawPane(scene, pane);
    }
  }

  dispose(): void {
    this.#canvas.removeEventListener('webglcontextlost', this.#lost);
    this.#canvas.removeEventListener('webglcontextrestored', this.#restored);
    for (const { texture } of this.#pictures.values()) this.#gl.deleteTexture(texture);
    for (const texture of this.#luts.values()) this.#gl.deleteTexture(texture);
    this.#gl.deleteTexture(this.#flags);
    for (const { program } of this.#programs.values()) this.#gl.deleteProgram(program);
  }

  #drawPane(scene: Scene, pane: Pane): void {
    const gl = this.#gl;
    // A difference has one sign and one scale, so it is shown of the first layer only.
    const layers = pane.showing === 'difference' ? scene.layers.slice(0, 1) : scene.layers;
    layers.forEach((layer, number) => {
      if (number === 0) gl.disable(gl.BLEND);
      else {
        gl.enable(gl.BLEND);
        gl.blendFunc(gl.ONE, gl.ONE);
      }
      this.#drawLayer(scene, pane, layer, number);
    });
  }

  #drawLayer(scene: Scene, pane: Pane, layer: Layer, number: number): void {
    const gl = this.#gl;
    const enhanced = layer.enhanced ?? layer.raw;
    this.#bindPicture(0, `${number} raw`, layer.raw);
    this.#bindPicture(1, `${number} enhanced`, enhanced);
    this.#bindLut(2, layer.lut);
    this.#bindLut(3, DIVERGING);
    this.#bindFlags(4, layer);
    const program = this.#use({
      showing: pane.showing,
      raw: this.#reading(scene, 1 / pane.mapping.scale),
      enhanced: this.#reading(scene, enhanced.magnification / pane.mapping.scale),
      grey: layer.raw.samplesPerPixel === 1,
      highlight: scene.highlightLimits && pane.showing !== 'difference',
      hatch: layer.flags !== undefined && pane.showing !== 'raw',
    });
    gl.uniform1f(program.at('canvasHeight'), scene.height);
    gl.uniform2f(program.at('origin'), pane.mapping.originX, pane.mapping.originY);
    gl.uniform1f(program.at('scale'), pane.mapping.scale);
    gl.uniform1f(program.at('magnification'), enhanced.magnification);
    gl.uniform2f(program.at('rawUnits'), layer.raw.intensityScale, layer.raw.intensityOffset);
    gl.uniform2f(program.at('enhancedUnits'), enhanced.intensityScale, enhanced.intensityOffset);
    gl.uniform2f(program.at('window'), layer.window[0], layer.window[1]);
    gl.uniform1f(program.at('gamma'), layer.gamma);
    gl.uniform1f(program.at('saturatedFrom'), scene.saturatedFrom);
    gl.uniform1f(program.at('differenceRange'), scene.differenceRange);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  #bindPicture(unit: number, role: string, picture: Picture): void {
    const gl = this.#gl;
    // First of all: making a texture binds it to the unit that is active.
    gl.activeTexture(gl.TEXTURE0 + unit);
    let held = this.#pictures.get(role);
    if (!held) {
      held = { texture: this.#createTexture(), picture: undefined };
      this.#pictures.set(role, held);
    }
    gl.bindTexture(gl.TEXTURE_2D, held.texture);
    if (held.picture === picture) return;
    const wide = picture.data instanceof Uint16Array;
    const rgb = picture.samplesPerPixel === 3;
    const internal = rgb ? (wide ? gl.RGB16UI : gl.RGB8UI) : wide ? gl.R16UI : gl.R8UI;
    const format = rgb ? gl.RGB_INTEGER : gl.RED_INTEGER;
    const type = wide ? gl.UNSIGNED_SHORT : gl.UNSIGNED_BYTE;
    const before = held.picture;
    const sameShape =
      before?.sizeX === picture.sizeX &&
      before.sizeY === picture.sizeY &&
      before.samplesPerPixel === picture.samplesPerPixel &&
      before.data instanceof Uint16Array === wide;
    if (sameShape) {
      gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, picture.sizeX, picture.sizeY, format, type, picture.data);
    } else {
      gl.texImage2D(gl.TEXTURE_2D, 0, internal, picture.sizeX, picture.sizeY, 0, format, type, picture.data);
    }
    held.picture = picture;
  }

  #bindFlags(unit: number, { flags, raw }: Layer): void {
    const gl = this.#gl;
    gl.activeTexture(gl.TEXTURE0 + unit);
    gl.bindTexture(gl.TEXTURE_2D, this.#flags);
    if (!flags || flags === this.#heldFlags) return;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8UI, raw.sizeX, raw.sizeY, 0, gl.RED_INTEGER, gl.UNSIGNED_BYTE, flags);
    this.#heldFlags = flags;
  }

  #bindLut(unit: number, lut: Lut): void {
    const gl = this.#gl;
    gl.activeTexture(gl.TEXTURE0 + unit);
    const held = this.#luts.get(lut);
    if (held) {
      gl.bindTexture(gl.TEXTURE_2D, held);
      return;
    }
    const texture = this.#createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB8, 256, 1, 0, gl.RGB, gl.UNSIGNED_BYTE, lut);
    this.#luts.set(lut, texture);
  }

  /** Integer textures can only be read at their samples, so interpolation is the shader's work. */
  #createTexture(): WebGLTexture {
    const gl = this.#gl;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    return texture;
  }

  #prepare(): void {
    const gl = this.#gl;
    this.#pictures = new Map();
    this.#luts = new Map();
    this.#flags = this.#createTexture();
    this.#heldFlags = undefined;
    this.#programs = new Map();
    // Rows are packed: their length need not be a multiple of four bytes.
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    // Without flags the shader still has a texture of the right type to look at.
    gl.bindTexture(gl.TEXTURE_2D, this.#flags);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8UI, 1, 1, 0, gl.RED_INTEGER, gl.UNSIGNED_BYTE, new Uint8Array(1));
  }

  #use(variant: ShaderVariant): ShaderProgram {
    const key = Object.values(variant).join(' ');
    const program = this.#programs.get(key) ?? new ShaderProgram(this.#gl, variant);
    this.#programs.set(key, program);
    this.#gl.useProgram(program.program);
    return program;
  }

  #reading({ sampling }: Scene, samplesPerPixel: number): Reading {
    if (sampling === 'exact') return 'nearest';
    if (samplesPerPixel > 1.001) return 'areaMean';
    return samplesPerPixel > 0.999 ? 'nearest' : this.#smooth;
  }

  readonly #lost = (event: Event): void => event.preventDefault();

  readonly #restored = (): void => {
    this.#prepare();
    if (this.#last) this.draw(this.#last);
  };
}

function rendererName(gl: WebGL2RenderingContext): string {
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  return String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
}
