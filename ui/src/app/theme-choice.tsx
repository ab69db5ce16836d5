import type { JSX } from "react";
import { IconButton } from "../kit/button";
import * as icons from "../kit/icons";
import { setTheme, useTheme, type Theme } from "../kit/theme";

const NEXT: Readonly<Record<Theme, Theme>> = { system: "light", light: "dark", dark: "system" };
const ICONS = { system: icons.Screen, light: icons.Sun, dark: icons.Moon } as const;

export function ThemeChoice(): JSX.Element {
  const theme = useTheme();
  const Icon = ICONS[theme];
  return <IconButton label={`Theme: ${theme === "system" ? "as the system" : theme}. Change to ${NEXT[theme] === "system" ? "as the system" : NEXT[theme]}`} onClick={() => setTheme(NEXT[theme])}><Icon /></IconButton>;
}
