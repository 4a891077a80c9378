// One high tone for ok, two low ones for stop, one in the middle for everything that a person must look at.
import { keep, kept } from "./dom.js";

const TONES = {
  ok: [[880, 0, 0.12]],
  stop: [[220, 0, 0.22], [196, 0.27, 0.3]],
  other: [[440, 0, 0.18]],
};
const BUZZ = { ok: [40], stop: [120, 80, 120, 80, 120], other: [80] };
let audio = null;
let on = kept("sound", "on") === "on";

export function play(verdict) {
  const name = verdict === "ok" || verdict === "stop" ? verdict : "other";
  if (!on) return;
  if (navigator.vibrate && navigator.userActivation?.hasBeenActive) navigator.vibrate(BUZZ[name]);
  if (!window.AudioContext || !navigator.userActivation?.hasBeenActive) return;
  audio ??= new AudioContext();
  for (const [hertz, after, seconds] of TONES[name]) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    const begin = audio.currentTime + after;
    tone.frequency.value = hertz;
    tone.type = name === "stop" ? "square" : "sine";
    volume.gain.setValueAtTime(0.0001, begin);
    volume.gain.exponentialRampToValueAtTime(0.15, begin + 0.01);
    volume.gain.exponentialRampToValueAtTime(0.0001, begin + seconds);
    tone.connect(volume).connect(audio.destination);
    tone.start(begin);
    tone.stop(begin + seconds);
  }
}

export function bindToggle(button) {
  const show = () => {
    button.setAttribute("aria-pressed", String(on));
    button.title = on ? "Sound is on" : "Sound is off";
  };
  button.addEventListener("click", () => {
    on = !on;
    keep("sound", on ? "on" : "off");
    show();
  });
  show();
}
