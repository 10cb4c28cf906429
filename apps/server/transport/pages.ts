import type { Response } from "express";
import { newNonce, pageCsp } from "./headers.ts";

/** Pages that must work when the web app does not: login, not built, errors a person sees. */

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** Only a path on this server; anything a browser could read as another host becomes the start page. */
export function safeNext(next: unknown): string {
  if (typeof next !== "string" || !next.startsWith("/")) return "/";
  const base = "http://opsbook.invalid";
  let url: URL;
  try {
    url = new URL(next, base);
  } catch {
    return "/";
  }
  const path = url.pathname + url.search + url.hash;
  return url.origin === base && !path.startsWith("//") && !path.startsWith("/login") ? path : "/";
}

export interface LoginPage {
  status: number;
  token: string;
  next: string;
  /** What went wrong the last time. */
  problem?: string;
}

export function sendLoginPage(res: Response, page: LoginPage): void {
  const nonce = newNonce();
  // Under `no-referrer` a browser posts a form with `Origin: null`; this one keeps the origin and hides the rest.
  res.setHeader("Referrer-Policy", "strict-origin");
  const problem = page.problem === undefined ? "" : `<p class="problem" role="alert">${escapeHtml(page.problem)}</p>`;
  const body = `<h1>Opsbook</h1>${problem}
<form method="post" action="/login" id="login">
<label>Login token <input name="token" id="token" type="password" value="${escapeHtml(page.token)}" autocomplete="off" required></label>
<label>Your name <small>(optional; what others see)</small> <input name="name" id="name" maxlength="80" autocomplete="name"></label>
<input type="hidden" name="next" id="next" value="${escapeHtml(page.next)}">
<button>Open</button>
</form>
<p class="hint">The token is in the URL that <code>opsbook serve</code> printed; <code>opsbook list</code> prints a fresh one.</p>
<script nonce="${nonce}">${LOGIN_SCRIPT}${page.problem === undefined ? "begin();" : ""}</script>`;
  sendPage(res, { status: page.status, title: "Log in", body, nonce });
}

/**
 * Posts the token of the URL, unless the link asks for a name first. Without a token it tries the cookie: a browser
 * keeps a SameSite=Strict cookie back when a link on another site led here, but sends it with this request.
 * A fresh link pasted into a tab that is here already only changes the fragment, which loads nothing.
 */
const LOGIN_SCRIPT = `
const form = document.getElementById("login");
function begin() {
  const hash = new URLSearchParams(location.hash.slice(1));
  const token = hash.get("token") || document.getElementById("token").value;
  if (token) {
    document.getElementById("token").value = token;
    history.replaceState(null, "", "/login");
    if (hash.get("ask") === "name") document.getElementById("name").focus();
    else form.requestSubmit();
  } else {
    fetch("/api/me").then((answer) => { if (answer.ok) location.replace(document.getElementById("next").value); });
  }
}
addEventListener("hashchange", begin);
`;

export function sendNotBuiltPage(res: Response): void {
  const body = `<h1>The web app is not built yet</h1>
<p>Run <code>npm run build</code> in the folder Opsbook was installed from, then reload this page. <code>npm start</code> does it by itself.</p>`;
  sendPage(res, { status: 503, title: "Not built", body, nonce: newNonce() });
}

export function sendErrorPage(res: Response, status: number, message: string): void {
  const body = `<h1>${status}</h1><p>${escapeHtml(message)}</p><p><a href="/">Start page</a></p>`;
  sendPage(res, { status, title: String(status), body, nonce: newNonce() });
}

function sendPage(res: Response, page: { status: number; title: string; body: string; nonce: string }): void {
  res.setHeader("Content-Security-Policy", pageCsp(page.nonce));
  res
    .status(page.status)
    .type("html")
    .send(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(page.title)} – Opsbook</title><style>${STYLE}</style></head><body><main>${page.body}</main></body></html>`);
}

const STYLE = `:root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}
body{margin:0;min-height:100vh;display:grid;place-items:center}
main{width:min(26rem,90vw)}h1{font-size:1.4rem;font-weight:600}
label{display:block;margin:.8rem 0}input{display:block;box-sizing:border-box;width:100%;padding:.5rem;font:inherit;
border:1px solid GrayText;border-radius:6px}input[type=hidden]{display:none}
button{font:inherit;padding:.5rem 1.2rem;border:0;border-radius:6px;background:AccentColor;color:AccentColorText}
:focus-visible{outline:2px solid AccentColor;outline-offset:2px}
.problem{padding:.6rem .8rem;border-left:3px solid #c33}.hint,small{opacity:.75}`;
