import { useEffect, useState } from "react";
import { resolvedTheme, type Theme, watchTheme } from "../../core/settings.ts";

/** The theme that is shown now. */
export function useTheme(): Theme {
  const [theme, setTheme] = useState(resolvedTheme);
  useEffect(() => watchTheme(setTheme), []);
  return theme;
}
