import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [svelte()],
  // Relative, so that the page also works under a path of a reverse proxy.
  base: './',
  build: { outDir: '../dist/client', emptyOutDir: true, target: 'es2022' },
  // `npx vite client` serves the page with hot reload and talks to a service on the default port.
  server: { proxy: { '/socket.io': { target: 'http://127.0.0.1:8470', ws: true }, '/api': 'http://127.0.0.1:8470' } },
});
