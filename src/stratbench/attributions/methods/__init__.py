"""Attribution methods: one file each (see `attributions.contract`)."""
