/**
 * Copies text. Browsers allow it on secure pages only (https, or this computer): false where it is not allowed.
 */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

export const COPY_REFUSED = 'The browser allows copying only over https or on the computer of the service.';
