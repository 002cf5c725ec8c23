import { Box, Group, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";

interface Props {
  title: string;
  text?: string;
  children?: ReactNode; // on the right
  before?: ReactNode; // such as a way back
}

export function PageHeader({ title, text, children, before }: Props) {
  useEffect(() => {
    document.title = `${title} · Parley`;
  }, [title]);
  return (
    <Group justify="space-between" align="flex-start" mb="lg" gap="sm">
      <Box flex="1 1 180px">
        {before}
        <Title order={1} fz={24} lh={1.3}>
          {title}
        </Title>
        {text && (
          <Text c="dimmed" size="sm" mt={2}>
            {text}
          </Text>
        )}
      </Box>
      {children}
    </Group>
  );
}
