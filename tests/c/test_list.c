/* base/list.h */
#include "base/list.h"
#include "check.h"

typedef struct {
    zl_node node;
    int number;
} item;

static void fill (zl_node *list, item *items, int n)
{
    zl_list_init (list);
    for (int i = 0; i < n; i++) {
        items[i].number = i;
        zl_list_append (list, &items[i].node);
    }
}

TEST ("a list is empty at first and after its last element was popped")
{
    zl_node list;
    item one;
    zl_list_init (&list);
    CHECK (zl_list_empty (&list));
    CHECK (!zl_list_pop (&list));
    zl_list_append (&list, &one.node);
    CHECK (!zl_list_empty (&list));
    CHECK (zl_list_pop (&list) == &one.node);
    CHECK (zl_list_empty (&list));
}

TEST ("elements come out in the order in which they were appended")
{
    zl_node list;
    item items[5];
    fill (&list, items, 5);
    for (int i = 0; i < 5; i++) {
        CHECK_EQ (ZL_LIST_FIRST (&list, item, node)->number, i);
        CHECK (zl_list_pop (&list) == &items[i].node);
    }
}

TEST ("an element can be removed from any place, and twice")
{
    for (int gone = 0; gone < 3; gone++) {
        zl_node list;
        item items[3];
        fill (&list, items, 3);
        CHECK (zl_linked (&items[gone].node));
        zl_list_remove (&items[gone].node);
        CHECK (!zl_linked (&items[gone].node));
        zl_list_remove (&items[gone].node);
        int expected = gone == 0;
        ZL_LIST_EACH (&list, item, node, i)
        {
            CHECK_EQ (i->number, expected);
            expected += 1 + (expected + 1 == gone);
        }
        CHECK_EQ (expected, 3);
    }
}

TEST ("the current element may be freed during a walk")
{
    zl_node list;
    zl_list_init (&list);
    for (int i = 0; i < 10; i++) {
        item *it = malloc (sizeof *it);
        CHECK (it);
        it->number = i;
        zl_list_append (&list, &it->node);
    }
    int seen = 0;
    ZL_LIST_EACH (&list, item, node, i)
    {
        CHECK_EQ (i->number, seen++);
        zl_list_remove (&i->node);
        free (i);
    }
    CHECK_EQ (seen, 10);
    CHECK (zl_list_empty (&list));
}
