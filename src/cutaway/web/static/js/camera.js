// The webcam, and in which way it can be missing.
export async function openCamera() {
  // Browsers hide cameras from pages that came over plain http from another machine.
  if (!navigator.mediaDevices?.getUserMedia) throw { kind: window.isSecureContext ? 'unsupported' : 'insecure' };
  try {
    return await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: 'user' }, audio: false });
  } catch (error) {
    const kinds = { NotAllowedError: 'denied', SecurityError: 'denied', NotFoundError: 'none', OverconstrainedError: 'none', NotReadableError: 'busy', AbortError: 'busy' };
    throw { kind: kinds[error.name] ?? 'unsupported' };
  }
}

export const release = (stream) => stream?.getTracks().forEach((track) => track.stop());
