#include "model/profile_tree.h"

#include <stdlib.h>

#include "cli/xalloc.h"
#include "input/merge.h"
#include "input/read.h"
#include "model/growth.h"

/* Adds a record to the sum, and what its sites are judged to grow. */
static int add_member(struct vr_merge *merge, const char *path, struct vr_symcache *symbols,
		      struct vr_growth_tree *growth, struct vr_err *err)
{
	static const struct vr_select all;
	struct vr_profile *profile;
	struct vr_file *file;
	uint32_t *node;
	int ret = vr_file_open(path, &file, err);

	if (ret == 0)
		ret = vr_profile_of(file, &all, symbols, &profile, err);
	if (ret < 0)
		return ret;
	vr_growth_tree_judge(growth, profile, vr_merge_time_zero(merge, file));
	profile->file = NULL;
	vr_profile_close(profile);
	node = vr_merge_add(merge, file);
	vr_growth_tree_map(growth, node);
	free(node);
	return 0;
}

int vr_profile_open_tree(const struct vr_file *head, const char *const *path, size_t paths,
			 const struct vr_select *select, struct vr_symcache *symbols,
			 struct vr_profile **out, struct vr_err *err)
{
	struct vr_merge *merge = vr_merge_new(head, select->windowed);
	struct vr_growth_tree *growth = vr_growth_tree_new();
	struct vr_file *sum;
	char *unread = NULL;
	int ret;

	*out = NULL;
	for (size_t i = 0; i < paths; i++) {
		struct vr_file *one;

		if (vr_file_open_head(path[i], &one, err) < 0)
			continue; /* add_member() will say why */
		vr_merge_clock(merge, one);
		vr_file_close(one);
	}
	for (size_t i = 0; i < paths; i++) {
		if (add_member(merge, path[i], symbols, growth, err) == 0)
			continue;
		unread = unread ? vr_xappend(unread, "; ") : vr_xstrdup("");
		unread = vr_xappend(unread, "%s: %s", path[i], err->text);
	}
	sum = vr_merge_finish(merge);
	vr_growth_tree_finish(growth, vr_file_duration_ns(sum));
	ret = vr_profile_of(sum, select, symbols, out, err);
	if (ret < 0) {
		vr_growth_tree_free(growth);
		free(unread);
		return ret;
	}
	(*out)->growth = growth;
	(*out)->free_growth = vr_growth_tree_free;
	(*out)->unread = unread;
	return 0;
}
