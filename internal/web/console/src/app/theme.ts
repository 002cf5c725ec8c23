import {
  ActionIcon,
  Badge,
  Button,
  type CSSVariablesResolver,
  createTheme,
  Drawer,
  Menu,
  Modal,
  Paper,
  Tabs,
  Tooltip,
} from "@mantine/core";

const sans = [
  "-apple-system",
  "BlinkMacSystemFont",
  '"Segoe UI"',
  "Roboto",
  '"Noto Sans"',
  '"PingFang SC"',
  '"Hiragino Sans GB"',
  '"Microsoft YaHei"',
  '"Noto Sans CJK SC"',
  "sans-serif",
].join(", ");

export const theme = createTheme({
  fontFamily: sans,
  fontFamilyMonospace:
    'ui-monospace, SFMono-Regular, "JetBrains Mono", Menlo, Consolas, "Noto Sans Mono CJK SC", monospace',
  headings: { fontFamily: sans, fontWeight: "650" },
  primaryColor: "parley",
  primaryShade: { light: 7, dark: 6 },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  colors: {
    parley: [
      "#eefaf8",
      "#d7f1ec",
      "#afe2d9",
      "#7fcdc1",
      "#4fb3a5",
      "#2f998b",
      "#1b8073",
      "#0f6e63",
      "#0c5a51",
      "#0a4740",
    ],
    gray: [
      "#f7f8fa",
      "#f0f2f5",
      "#e4e8ed",
      "#d5dae1",
      "#bac2cc",
      "#929ca9",
      "#66717f",
      "#4a5462",
      "#313a46",
      "#1b222b",
    ],
    dark: [
      "#d8dde4",
      "#b5bdc8",
      "#939dab",
      "#6a7584",
      "#3b4450",
      "#2c343f",
      "#1e252e",
      "#161b23",
      "#10141a",
      "#0a0d12",
    ],
  },
  components: {
    Paper: Paper.extend({ defaultProps: { radius: "lg" } }),
    Button: Button.extend({ defaultProps: { radius: "md" } }),
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: "subtle", color: "gray" } }),
    Badge: Badge.extend({
      defaultProps: { variant: "light", radius: "sm" },
      styles: { label: { textTransform: "none", fontWeight: 600 } },
    }),
    // On a narrow screen the tabs are moved along, not broken into two lines.
    Tabs: Tabs.extend({
      styles: { list: { flexWrap: "nowrap", overflowX: "auto", overflowY: "hidden" }, tab: { flex: "none" } },
    }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 300, withArrow: true } }),
    Menu: Menu.extend({ defaultProps: { shadow: "md", radius: "md", position: "bottom-end" } }),
    Modal: Modal.extend({
      defaultProps: { centered: true, radius: "lg", overlayProps: { backgroundOpacity: 0.4 } },
    }),
    Drawer: Drawer.extend({ defaultProps: { position: "right", overlayProps: { backgroundOpacity: 0.35 } } }),
  },
});

/** The soft kind of a colour, for badges, alerts and quiet buttons: text on a tint. */
function soft(name: string, text: string, tone: string, strength: number): Record<string, string> {
  const tint = (percent: number) => `color-mix(in srgb, ${tone} ${percent}%, transparent)`;
  return {
    [`--mantine-color-${name}-light`]: tint(strength),
    [`--mantine-color-${name}-light-hover`]: tint(strength + 6),
    [`--mantine-color-${name}-light-color`]: text,
  };
}

/** Surfaces and signal colours that Mantine has no name for. */
export const surfaces: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    ...soft("parley", "#0f6e63", "#12b5a0", 14),
    ...soft("red", "#c02626", "#f03e3e", 11),
    ...soft("yellow", "#9a4d08", "#f5a524", 18),
    ...soft("gray", "#4a5462", "#5b6b80", 11),
    "--mantine-color-text": "#1b222b",
    "--mantine-color-dimmed": "#66717f",
    "--mantine-color-default-border": "#dfe3e9",
    "--p-page": "#f6f7f9",
    "--p-card": "#ffffff",
    "--p-sunken": "#f3f5f7",
    "--p-line": "#e6e9ee",
    "--p-hover": "#f1f4f6",
    "--p-accent": "#0f6e63",
    "--p-accent-soft": "#e3f3f0",
    "--p-good": "#15803d",
    "--p-warn": "#b45309",
    "--p-warn-mark": "#e0a23b",
    "--p-bad": "#c02626",
    "--p-chart-1": "#17877a",
    "--p-chart-2": "#e0a23b",
    "--p-chart-3": "#6478c8",
  },
  dark: {
    ...soft("parley", "#5fc0b2", "#2fb3a2", 19),
    ...soft("red", "#f58a8a", "#f05252", 17),
    ...soft("yellow", "#f0b45b", "#f0a534", 15),
    ...soft("gray", "#b5bdc8", "#a8b3c2", 14),
    "--mantine-color-body": "#161b23",
    "--mantine-color-dimmed": "#939dab",
    "--mantine-color-default-border": "#333c48",
    "--p-page": "#10141a",
    "--p-card": "#171d25",
    "--p-sunken": "#12171e",
    "--p-line": "#262e38",
    "--p-hover": "#1e252e",
    "--p-accent": "#4fb3a5",
    "--p-accent-soft": "#14302d",
    "--p-good": "#4ade80",
    "--p-warn": "#f0b45b",
    "--p-warn-mark": "#d99a36",
    "--p-bad": "#f87171",
    "--p-chart-1": "#3aa596",
    "--p-chart-2": "#d99a36",
    "--p-chart-3": "#8494de",
  },
});
