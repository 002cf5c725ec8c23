import { Text, Title } from "@mantine/core";

export function SectionTitle({ title, text }: { title: string; text?: string }) {
  return (
    <>
      <Title order={2} fz={16} mb={text ? 2 : "md"}>
        {title}
      </Title>
      {text && (
        <Text size="sm" c="dimmed" mb="md">
          {text}
        </Text>
      )}
    </>
  );
}
