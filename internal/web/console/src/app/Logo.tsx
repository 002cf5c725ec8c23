import { Group, Text } from "@mantine/core";

export function Logo({ size = 28 }: { size?: number }) {
  return (
    <Group gap={10} wrap="nowrap">
      <img src={`${import.meta.env.BASE_URL}icon.svg`} width={size} height={size} alt="" />
      <Text fw={700} fz={size * 0.62} lh={1}>
        Parley
      </Text>
    </Group>
  );
}
