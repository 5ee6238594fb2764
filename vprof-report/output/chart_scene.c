#include "output/chart_scene.h"

#include <cairo/cairo.h>
#include <stdlib.h>
#include <string.h>

#include "cli/columns.h"
#include "cli/xalloc.h"
#include "output/out.h"

#define ELLIPSIS "\xe2\x80\xa6"

struct vr_scene *vr_scene_new(double width)
{
	struct vr_scene *scene = vr_xcalloc(1, sizeof(*scene));
	cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_A8, 1, 1);

	*scene = (struct vr_scene){.width = width, .measure = cairo_create(surface)};
	cairo_surface_destroy(surface);
	return scene;
}

void vr_scene_free(struct vr_scene *scene)
{
	for (size_t i = 0; i < scene->texts; i++)
		free(scene->text[i].text);
	for (size_t i = 0; i < scene->shapes; i++)
		free(scene->shape[i].xy);
	free(scene->text);
	free(scene->shape);
	cairo_destroy(scene->measure);
	free(scene);
}

double vr_scene_width(struct vr_scene *scene, const char *text, double size, int bold)
{
	cairo_text_extents_t extents;

	cairo_select_font_face(scene->measure, VR_CHART_FONT, CAIRO_FONT_SLANT_NORMAL,
			       bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
	cairo_set_font_size(scene->measure, size);
	cairo_text_extents(scene->measure, text, &extents);
	return extents.x_advance;
}

double vr_scene_prefix(struct vr_scene *scene, const char *text, size_t bytes, double size)
{
	char *start = vr_xcalloc(bytes + 1, 1);
	double width;

	memcpy(start, text, bytes);
	start[bytes] = '\0';
	width = vr_scene_width(scene, start, size, 0);
	free(start);
	return width;
}

/* Cuts clean text to the longest start that fits together with an ellipsis.
 * Returns its width. */
static double shorten(struct vr_scene *scene, char *text, double size, int bold, double room)
{
	double width = vr_scene_width(scene, text, size, bold);
	size_t low = 0, high = strlen(text);
	char *cut;

	if (width <= room)
		return width;
	cut = vr_xcalloc(high + sizeof(ELLIPSIS), 1);
	while (low < high) { /* the longest length that fits */
		size_t middle = (low + high + 1) / 2;
		size_t end = middle;

		while (end > 0 && (text[end] & 0xc0) == 0x80)
			end--; /* not inside of a character */
		memcpy(cut, text, end);
		strcpy(cut + end, ELLIPSIS);
		if (vr_scene_width(scene, cut, size, bold) <= room)
			low = middle;
		else
			high = middle - 1;
	}
	while (low > 0 && (text[low] & 0xc0) == 0x80)
		low--;
	strcpy(text + low, low ? ELLIPSIS : "");
	free(cut);
	return vr_scene_width(scene, text, size, bold);
}

double vr_scene_text(struct vr_scene *scene, struct vr_scene_text style, const char *text,
		     double room)
{
	style.text = vr_text_clean(text);
	style.width = shorten(scene, style.text, style.size, style.bold, room);
	scene->text = vr_xgrow(scene->text, scene->texts, &scene->text_room, sizeof(*scene->text));
	scene->text[scene->texts++] = style;
	return style.width;
}

void vr_scene_shape(struct vr_scene *scene, int filled, double line, uint32_t rgb)
{
	scene->shape =
	    vr_xgrow(scene->shape, scene->shapes, &scene->shape_room, sizeof(*scene->shape));
	scene->shape[scene->shapes++] =
	    (struct vr_scene_shape){.filled = filled, .line = line, .rgb = rgb};
}

void vr_scene_point(struct vr_scene *scene, double x, double y)
{
	struct vr_scene_shape *shape = &scene->shape[scene->shapes - 1];

	/* Room doubles at powers of two. */
	if (!(shape->points & (shape->points - 1)))
		shape->xy = vr_xrealloc(shape->xy, shape->points ? 2 * shape->points : 1,
					2 * sizeof(*shape->xy));
	shape->xy[2 * shape->points] = x;
	shape->xy[2 * shape->points + 1] = y;
	shape->points++;
}

void vr_scene_line(struct vr_scene *scene, double x0, double y0, double x1, double y1, double line,
		   uint32_t rgb)
{
	vr_scene_shape(scene, 0, line, rgb);
	vr_scene_point(scene, x0, y0);
	vr_scene_point(scene, x1, y1);
}

void vr_scene_rectangle(struct vr_scene *scene, double x, double y, double width, double height,
			uint32_t rgb)
{
	vr_scene_shape(scene, 1, 0, rgb);
	vr_scene_point(scene, x, y);
	vr_scene_point(scene, x + width, y);
	vr_scene_point(scene, x + width, y + height);
	vr_scene_point(scene, x, y + height);
}

struct vr_box vr_scene_box(const struct vr_scene_text *text)
{
	double before = text->anchor == VR_ANCHOR_START	   ? 0
			: text->anchor == VR_ANCHOR_MIDDLE ? text->width / 2
							   : text->width;

	if (text->vertical)
		return (struct vr_box){text->x - 0.78 * text->size, text->y - text->width + before,
				       text->x + 0.24 * text->size, text->y + before};
	return (struct vr_box){text->x - before, text->y - 0.78 * text->size,
			       text->x - before + text->width, text->y + 0.24 * text->size};
}
