/** The review pages, in a file of their own so that the live page does not wait for them. */

export { default as SessionPage } from './SessionPage.svelte';
export { default as SessionsPage } from './SessionsPage.svelte';
