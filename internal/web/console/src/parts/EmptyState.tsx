import { Stack, Text, ThemeIcon } from "@mantine/core";
import type { Icon } from "@tabler/icons-react";
import type { ReactNode } from "react";

interface Props {
  icon: Icon;
  title: string;
  text?: string;
  children?: ReactNode; // what to do about it
  compact?: boolean;
}

/** What stands where nothing is yet: what it is, and what to do. */
export function EmptyState({ icon: Sign, title, text, children, compact }: Props) {
  return (
    <Stack align="center" gap="xs" py={compact ? "lg" : 56} px="md" ta="center">
      <ThemeIcon size={compact ? 40 : 52} radius="xl" variant="light" color="parley">
        <Sign size={compact ? 20 : 26} stroke={1.6} aria-hidden />
      </ThemeIcon>
      <Text fw={600} mt={4}>
        {title}
      </Text>
      {text && (
        <Text c="dimmed" size="sm" maw={440}>
          {text}
        </Text>
      )}
      {children}
    </Stack>
  );
}
