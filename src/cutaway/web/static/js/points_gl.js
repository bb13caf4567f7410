// Points by WebGL2: where each was and is going, its colour, and one call that draws them all.
const VERTEX = `#version 300 es
in vec2 a, b; in vec4 colour;
uniform vec2 centre, scale; uniform float t, size;
out vec4 tint;
void main() {
  gl_Position = vec4((mix(a, b, t) - centre) * scale, 0.0, 1.0);
  gl_PointSize = size;
  tint = colour;
}`;
const FRAGMENT = `#version 300 es
precision highp float;
in vec4 tint; uniform float size; out vec4 drawn;
void main() {
  float edge = clamp((0.5 - length(gl_PointCoord - 0.5)) * size, 0.0, 1.0);
  drawn = vec4(tint.rgb * edge, edge);
}`;

function program(gl) {
  const made = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  return gl.getProgramParameter(made, gl.LINK_STATUS) ? made : null;
}

// Whether it is a program on the processor that draws, and no graphics card.
function byProgram(gl) {
  const plain = gl.getParameter(gl.RENDERER);
  // Chromium says so little here; it tells more where it is asked.
  const more = plain === 'WebKit WebGL' && gl.getExtension('WEBGL_debug_renderer_info');
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(more ? gl.getParameter(more.UNMASKED_RENDERER_WEBGL) : plain);
}

// Gives null where there is no WebGL2, or, unless `anyway`, where a program draws for it: stamping is quicker then.
export function glPoints(canvas, anyway) {
  const gl = canvas.getContext('webgl2', { antialias: false, depth: false, premultipliedAlpha: true });
  const made = gl && (anyway || !byProgram(gl)) && program(gl);
  if (!made) { gl?.getExtension('WEBGL_lose_context')?.loseContext(); return null; }
  gl.useProgram(made);
  const uniform = (name) => gl.getUniformLocation(made, name);
  const at = { centre: uniform('centre'), scale: uniform('scale'), t: uniform('t'), size: uniform('size') };
  const buffers = {};
  for (const [name, length, kind, whole] of [['a', 2, gl.FLOAT, false], ['b', 2, gl.FLOAT, false], ['colour', 4, gl.UNSIGNED_BYTE, true]]) {
    buffers[name] = gl.createBuffer();
    const place = gl.getAttribLocation(made, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffers[name]);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, length, kind, whole, 0, 0);
  }
  const order = gl.createBuffer();
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, order);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  let count = 0;
  const fill = (name, values) => { gl.bindBuffer(gl.ARRAY_BUFFER, buffers[name]); gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW); };
  return {
    name: 'webgl',
    places(from, to) { fill('a', from); fill('b', to); },
    // Colours of four bytes each, and in which order the points are drawn: the last ones lie above.
    colours(bytes, indices) {
      fill('colour', bytes);
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, indices, gl.STATIC_DRAW);
      count = indices.length;
    },
    draw({ cx, cy, scale, width, height, t, size }) {
      gl.viewport(0, 0, width, height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.uniform2f(at.centre, cx, cy);
      gl.uniform2f(at.scale, (2 * scale) / width, (-2 * scale) / height);
      gl.uniform1f(at.t, t);
      gl.uniform1f(at.size, size);
      gl.drawElements(gl.POINTS, count, gl.UNSIGNED_INT, 0);
    },
    end() { gl.getExtension('WEBGL_lose_context')?.loseContext(); },
  };
}
